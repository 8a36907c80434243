using CsCheck;
using Meridian.Grains.Deployments;
using Meridian.Grains.Storage;
using MessagePack;

namespace Meridian.Grains.Tests.Storage;

public sealed class SerializerTests
{
    // Written by the first release. Never regenerate: that a later build still reads it is what the test is for.
    private const string Version1 =
        "01930202929601a46f702d3103a3616461a66c61756e636892d6ff68c9a880009602a46f702d3202a3616461c092d6ff68c9ac0400";

    // The same with the numbers of the replicas, which a later build has added.
    private const string WithNumbers =
        "01940202929601a46f702d3103a3616461a66c61756e636892d6ff68c9a880009602a46f702d3202a3616461c092d6ff68c9ac0400920201";

    // The same with the numbers of each version's replicas, which a still later build has added.
    private const string WithNumbersByVersion =
        "01950202929601a46f702d3103a3616461a66c61756e636892d6ff68c9a880009602a46f702d3202a3616461c092d6ff68c9ac040092020181a776312f66703332920201";

    private static readonly MessagePackGrainStorageSerializer Serializer = new();

    [Fact]
    public void A_record_of_version_1_is_read()
    {
        var state = Serializer.Deserialize<DeploymentState>(new BinaryData(Convert.FromHexString(Version1)))!;

        Assert.Equal((2, 2L), (state.Replicas, state.Sequence));
        Assert.Equal(
            [
                new ScaleRecord { Sequence = 1, OperationId = "op-1", Replicas = 3, By = "ada", Reason = "launch", At = DateTimeOffset.FromUnixTimeSeconds(1758046336) },
                new ScaleRecord { Sequence = 2, OperationId = "op-2", Replicas = 2, By = "ada", Reason = null, At = DateTimeOffset.FromUnixTimeSeconds(1758047236) },
            ],
            state.History);
        Assert.Null(state.Numbers);
        var numbered = Serializer.Deserialize<DeploymentState>(new BinaryData(Convert.FromHexString(WithNumbers)))!;
        Assert.Equal([2, 1], numbered.Numbers!);
        Assert.Equal([2, 1, 0], numbered.NumbersFor("any", "fp32", 3));
        Assert.Equal([2, 1], Serializer.Deserialize<DeploymentState>(new BinaryData(Convert.FromHexString(WithNumbersByVersion)))!.NumbersOf("v1", "fp32")!);
    }

    [Fact]
    public void What_is_written_today_is_version_1_with_numbers_byte_for_byte_and_a_seal()
    {
        var state = new DeploymentState().WithNumbers([("v1", "fp32", [2, 1])])
            .With(new ScaleChange { OperationId = "op-1", Replicas = 3, By = "ada", Reason = "launch" }, DateTimeOffset.FromUnixTimeSeconds(1758046336))
            .With(new ScaleChange { OperationId = "op-2", Replicas = 2, By = "ada" }, DateTimeOffset.FromUnixTimeSeconds(1758047236));

        var written = Serializer.Serialize(state).ToArray();
        Assert.Equal(WithNumbersByVersion, Convert.ToHexStringLower(written[..^StoredRecordSeal.Size]));
        Assert.Equal($"c14d5244{(written.Length - StoredRecordSeal.Size):x2}000000" + Convert.ToHexStringLower(BitConverter.GetBytes(System.IO.Hashing.XxHash3.HashToUInt64(written.AsSpan(..^StoredRecordSeal.Size)))), Convert.ToHexStringLower(written[^StoredRecordSeal.Size..]));
    }

    [Fact]
    public void No_changed_byte_goes_unseen()
    {
        var written = Serializer.Serialize(
            new DeploymentState { Numbers = [1] }.With(new ScaleChange { OperationId = "op-1", Replicas = 3, By = "ada", Reason = "launch" }, DateTimeOffset.FromUnixTimeSeconds(1758046336))).ToArray();
        for (var i = 0; i < written.Length; i++)
        {
            for (var change = 1; change < 256; change++)
            {
                var damaged = written.ToArray();
                damaged[i] ^= (byte)change;
                var exception = Record.Exception(() => Serializer.Deserialize<DeploymentState>(new BinaryData(damaged)));
                Assert.True(exception is DamagedRecordException or InvalidDataException, $"Byte {i} changed by {change} was read.");
            }
        }
    }

    [Fact]
    public void A_sealed_record_that_was_cut_is_damaged()
    {
        var written = Serializer.Serialize(new DeploymentState()).ToArray();
        for (var length = 0; length < written.Length - StoredRecordSeal.Size; length++)
        {
            Assert.Throws<DamagedRecordException>(() => Serializer.Deserialize<DeploymentState>(new BinaryData(written[..length])));
        }
    }

    [Fact]
    public void Any_state_comes_back_as_it_was()
    {
        var changes = Gen.Select(Gen.String[1, 20], Gen.Int[0, 64], Gen.String[0, 10], Gen.Long[0, 4_000_000_000]).List[0, 20];
        changes.Sample(list =>
        {
            var state = list.Aggregate(
                new DeploymentState(),
                (s, c) => s.With(new ScaleChange { OperationId = c.Item1, Replicas = c.Item2, By = c.Item3 }, DateTimeOffset.FromUnixTimeSeconds(c.Item4)));
            var back = Serializer.Deserialize<DeploymentState>(Serializer.Serialize(state))!;
            Assert.Equal((state.Replicas, state.Sequence), (back.Replicas, back.Sequence));
            Assert.Equal(state.History, back.History);
        });
    }

    [Fact]
    public void A_newer_version_is_refused_by_number()
    {
        var exception = Assert.Throws<InvalidDataException>(() => Serializer.Deserialize<DeploymentState>(new BinaryData(new byte[] { 9, 1, 2 })));
        Assert.Contains("version 9", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_and_empty_records_are_refused()
    {
        Assert.Throws<DamagedRecordException>(() => Serializer.Deserialize<DeploymentState>(new BinaryData(Array.Empty<byte>())));
        Assert.Throws<DamagedRecordException>(() => Serializer.Deserialize<DeploymentState>(new BinaryData(Convert.FromHexString(Version1)[..20])));
    }

    [Fact]
    public void A_record_with_a_field_of_a_later_build_is_read()
    {
        var later = new byte[] { 1 }.Concat(MessagePackSerializer.Serialize(new object?[] { 4, 1L, Array.Empty<object>(), new[] { 0 }, null, "new" })).ToArray();

        Assert.Equal(4, Serializer.Deserialize<DeploymentState>(new BinaryData(later))!.Replicas);
    }
}

using Grpc.Core;
using Grpc.Net.Client;
using Meridian.Intents.Peers;
using Meridian.Intents.Records;
using Meridian.Intents.Tests.Quorum.Members;
using Meridian.Specs;

namespace Meridian.Intents.Tests.Quorum;

/// <summary>What a member answers on its control port to somebody who is no member, or one of another build.</summary>
public sealed class ControlPortTests
{
    public static TheoryData<IntentWrite, string> Mistakes() => new()
    {
        { Member(new MemberRecord { Jurisdiction = "eu", Protocol = "http://a:1", PricePerHour = double.NaN }), "'price_per_hour' is NaN" },
        { Member(new MemberRecord { Jurisdiction = "eu", Protocol = "http://a:1", Facade = "javascript:alert(1)" }), "'facade' is 'javascript:alert(1)'" },
        { new IntentWrite(new IntentKey("planet", "mars"), [0]), "'planet' is no kind" },
        { new IntentWrite(new IntentKey(IntentKinds.Tenant, "a/b"), IntentRecords.Bytes(new TenantRecord())), "a tenant's name" },
        { new IntentWrite(new IntentKey(IntentKinds.Deployment, "nothing"), IntentRecords.Bytes(new DeploymentSpec())), "does not exist: model/nothing" },
        { new IntentWrite(new IntentKey(IntentKinds.Model, "m"), [0xc1]), "no record of its kind" },
    };

    [Fact]
    public async Task The_leader_keeps_the_rules_of_records_whoever_sends_a_change()
    {
        await using var quorum = new TestQuorum(["eu"], rule: RecordRules.Mistake);
        await quorum["eu"].StartAsync();
        await quorum.CanChangeAsync();
        foreach (var (write, says) in Mistakes().Select(row => row.Data))
        {
            var reply = await quorum["eu"].Peer.ChangeAsync(new PeerChange { From = "test", Change = new IntentChange { Operation = Guid.NewGuid(), Writes = [write] } }, CancellationToken.None);

            Assert.Equal(PeerCode.Refused, reply.Code);
            Assert.Contains(says, reply.Message, StringComparison.Ordinal);
        }

        Assert.Empty(quorum["eu"].Log.Current.Records);

        // References within one change, and those that say that they come first.
        IntentWrite[] both =
        [
            new(new IntentKey(IntentKinds.Deployment, "m"), IntentRecords.Bytes(new DeploymentSpec())),
            new(new IntentKey(IntentKinds.Model, "m"), IntentRecords.Bytes(new ModelSpec { Kind = "embedding", OwnedBy = "x" })),
        ];
        Assert.True((await TestQuorum.ChangeAsync(quorum["eu"], new IntentChange { Operation = Guid.NewGuid(), Writes = both })).Made);
        var pending = new IntentChange { Operation = Guid.NewGuid(), Writes = [new(new IntentKey(IntentKinds.Policy, "later"), IntentRecords.Bytes(new PolicyRecord()))], Pending = true };
        Assert.True((await TestQuorum.ChangeAsync(quorum["eu"], pending)).Made);
    }

    [Theory]
    [InlineData("Change")]
    [InlineData("AddVoter")]
    [InlineData("State")]
    public async Task A_message_that_is_no_MessagePack_is_one_line_of_log_and_an_invalid_argument(string method)
    {
        using var lines = new LogLines();
        await using var quorum = new TestQuorum(["eu"], logs: lines);
        await quorum["eu"].StartAsync();
        await quorum.CanChangeAsync();
        using var channel = GrpcChannel.ForAddress(quorum["eu"].Self.Protocol);
        var raw = new Method<byte[], byte[]>(MethodType.Unary, IntentProtocol.ServiceName, method, Marshallers.Create(static bytes => bytes, static bytes => bytes), Marshallers.Create(static bytes => bytes, static bytes => bytes));
        foreach (var bytes in new byte[][] { [0xc1], [0x93, 0xa1], [0xc0], [0x92, 0x01, 0x02], [] })
        {
            lines.All.Clear();

            var refused = await Assert.ThrowsAsync<RpcException>(() => channel.CreateCallInvoker().AsyncUnaryCall(raw, null, new CallOptions(), bytes).ResponseAsync);

            Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
            var line = Assert.Single(lines.All);
            Assert.Contains($"/{IntentProtocol.ServiceName}/{method}", line, StringComparison.Ordinal);
        }
    }

    private static IntentWrite Member(MemberRecord record) => new(new IntentKey(IntentKinds.Member, "x"), IntentRecords.Bytes(record));
}

using CsCheck;
using Meridian.Federation.Liveness;
using Meridian.Federation.Regions;
using Meridian.Federation.Tests.Protocol;
using Meridian.Intents.Wire;
using Meridian.Messages;
using MessagePack;

namespace Meridian.Federation.Tests.Liveness;

/// <summary>What beats and acks carry, and that both ends agree whatever is lost of it or old.</summary>
public sealed class StatusExchangeTests
{
    [Fact]
    public void What_has_not_changed_is_not_sent_again_and_what_has_is_sent_alone()
    {
        var region = new TestRegion("westeurope");
        var models = Enumerable.Range(0, 1000).Select(i => Sample.Model() with { Model = $"m{i}" }).ToArray();
        region.Report(Sample.Status("westeurope", 1, models));
        var (versions, heard) = (new StatusVersions(region), new HeardStatus());

        var whole = heard.After(versions.Ack(Beat(heard)));
        var idle = versions.Ack(Beat(heard));
        var same = heard.After(idle);
        region.Report(Sample.Status("westeurope", 1, [.. models[..7], models[7] with { Queued = 9 }, .. models[8..]]));
        var change = versions.Ack(Beat(heard));
        var changed = heard.After(change);

        Assert.Equal(models, whole!.Models);
        Assert.Empty(idle.Status.Models);
        Assert.Same(whole, same);
        Assert.True(MessagePackSerializer.Serialize(idle, WireFormat.Options).Length < 60);
        Assert.Equal([7], change.ChangedModels!);
        Assert.Equal(9, changed!.Models[7].Queued);
        Assert.Equal(region.Status.Models, changed.Models);
    }

    [Fact]
    public void Draining_is_told_with_every_ack()
    {
        var region = new TestRegion("westeurope");
        var (versions, heard) = (new StatusVersions(region), new HeardStatus());
        heard.After(versions.Ack(Beat(heard)));

        region.Report(region.Status with { Draining = true });
        var ack = versions.Ack(Beat(heard));

        Assert.Empty(ack.Status.Models);
        var status = heard.After(ack)!;
        Assert.True(status.Draining);
        Assert.Equal(region.Status.Models, status.Models);
    }

    [Fact]
    public void An_observer_of_an_earlier_build_gets_everything_always()
    {
        var region = new TestRegion("westeurope");
        var versions = new StatusVersions(region);

        // As the earlier build writes a beat and reads an ack: four keys, three keys.
        var beat = MessagePackSerializer.Deserialize<Beat>(MessagePackSerializer.Serialize(new object?[] { "front-door", 1L, 2L, null }), WireFormat.Options);
        for (var i = 0; i < 3; i++)
        {
            var read = MessagePackSerializer.Deserialize<OldBuildTests.OldAck>(MessagePackSerializer.Serialize(versions.Ack(beat), WireFormat.Options), WireFormat.Options);

            Assert.Equal((1L, 2L), (read.Sequence, read.SentTimestamp));
            Assert.Equal(region.Status.Models, read.Status.Models);
        }
    }

    [Fact]
    public void A_region_of_an_earlier_build_is_understood_and_gets_everything_always()
    {
        var heard = new HeardStatus();
        for (var i = 0; i < 3; i++)
        {
            var written = MessagePackSerializer.Serialize(new OldBuildTests.OldAck { Sequence = 1, SentTimestamp = 2, Status = Sample.Status("westeurope") }, WireFormat.Options);
            var status = heard.After(MessagePackSerializer.Deserialize<BeatAck>(written, WireFormat.Options));

            Assert.Equal(Sample.Status("westeurope").Models, status!.Models);
            Assert.Equal((0L, false), (heard.Known, heard.Versioned));
        }
    }

    [Fact]
    public void An_ack_that_makes_no_sense_makes_the_next_one_bring_everything()
    {
        var region = new TestRegion("westeurope");
        var (versions, heard) = (new StatusVersions(region), new HeardStatus());
        heard.After(versions.Ack(Beat(heard)));

        Assert.Null(heard.After(new BeatAck { Sequence = 1, SentTimestamp = 1, Status = Sample.Status("westeurope"), StatusVersion = 9, StatusSince = 1, ChangedModels = [77] }));

        Assert.Equal(0, heard.Known);
        Assert.Equal(region.Status.Models, heard.After(versions.Ack(Beat(heard)))!.Models);
        Assert.NotEqual(0, heard.Known);
    }

    /// <summary>Load changes, models come and go, acks travel late (but in order, as on a stream): the observer always has a status that the region had, and in the end the last.</summary>
    [Fact]
    public void Both_ends_agree() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 5], Gen.Int[0, 9]).Array[1, 100].Sample(steps =>
        {
            var region = new TestRegion("westeurope");
            region.Report(Sample.Status("westeurope", 1, [.. Enumerable.Range(0, 6).Select(i => Sample.Model() with { Model = $"m{i}" })]));
            var (versions, heard) = (new StatusVersions(region), new HeardStatus());
            var underWay = new Queue<(BeatAck Ack, ModelStatus[] Models)>();
            foreach (var (step, place, value) in steps)
            {
                var models = region.Status.Models;
                switch (step)
                {
                    case 0 when place < models.Length:
                        region.Report(region.Status with { Models = [.. models.Select((m, i) => i == place ? m with { Queued = value } : m)] });
                        break;
                    case 1 when value == 0 && models.Length > 1:
                        region.Report(region.Status with { Models = models[1..] });
                        break;
                    case 2 when underWay.TryDequeue(out var arrived):
                        if (!heard.After(arrived.Ack)!.Models.SequenceEqual(arrived.Models))
                            return false;
                        break;
                    default:
                        underWay.Enqueue((versions.Ack(Beat(heard)), region.Status.Models));
                        break;
                }
            }

            while (underWay.TryDequeue(out var late))
            {
                if (!heard.After(late.Ack)!.Models.SequenceEqual(late.Models))
                    return false;
            }

            return heard.After(versions.Ack(Beat(heard)))!.Models.SequenceEqual(region.Status.Models);
        });

    private static Beat Beat(HeardStatus heard) => new() { Observer = "front-door", Sequence = 1, SentTimestamp = 1, KnownStatus = heard.Known };
}

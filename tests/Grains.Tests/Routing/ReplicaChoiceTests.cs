using CsCheck;
using Meridian.Grains.Replicas;
using Meridian.Grains.Silos;

namespace Meridian.Grains.Tests.Routing;

public sealed class ReplicaChoiceTests
{
    private static ReplicaTarget[] Targets(IEnumerable<(int Load, bool Suspect)> replicas, ReplicaLeases? leases = null)
    {
        leases ??= new ReplicaLeases();
        return
        [
            .. replicas.Select((r, i) =>
            {
                var target = new ReplicaTarget($"r{i}", null!, leases.Of($"r{i}"), r.Load, null);
                if (r.Suspect) target.MarkSuspect();
                return target;
            }),
        ];
    }

    [Fact]
    public void A_choice_is_ready_not_tried_and_not_suspect_while_another_is_left() =>
        Gen.Select(Gen.Select(Gen.Int[0, 5], Gen.Bool).List[0, 6], Gen.Int[-1, 5], Gen.Int).Sample((replicas, tried, seed) =>
        {
            var ready = Targets(replicas);
            var triedTarget = tried >= 0 && tried < ready.Length ? ready[tried] : null;

            var choice = ReplicaChoice.Pick(ready, new Random(seed), triedTarget is null ? null : [triedTarget.Key]);

            var left = ready.Where(r => r != triedTarget).ToArray();
            if (left.Length == 0)
            {
                Assert.Null(choice);
                return;
            }

            Assert.Contains(choice, left);
            if (left.Any(r => !r.Suspect)) Assert.False(choice!.Suspect);
        });

    [Fact]
    public void A_second_attempt_leaves_the_silo_that_was_lost() => Gen.Select(Gen.Int[0, 2].Array[2, 8], Gen.Int).Sample((silos, seed) =>
    {
        var leases = new ReplicaLeases();
        var watches = new[] { new SiloWatch(), new SiloWatch(), null };
        var ready = silos.Select((s, i) => new ReplicaTarget($"r{i}", null!, leases.Of($"r{i}"), i, watches[s])).ToArray();
        var random = new Random(seed);
        var first = ReplicaChoice.Pick(ready, random)!;
        first.MarkSuspect();

        var second = ReplicaChoice.Pick(ready, random, [first.Key])!;

        Assert.NotSame(first, second);
        if (first.Silo is not null && ready.Any(r => r.Silo != first.Silo)) Assert.NotSame(first.Silo, second.Silo);
    });

    [Fact]
    public void A_replica_on_a_dead_silo_comes_after_suspects_whatever_their_load() => Gen.Select(Gen.Bool.Array[2, 8], Gen.Int).Where((dead, _) => !dead.All(d => d)).Sample((dead, seed) =>
    {
        var leases = new ReplicaLeases();
        var silo = new SiloWatch();
        silo.Dead();
        var ready = dead.Select((d, i) => new ReplicaTarget($"r{i}", null!, leases.Of($"r{i}"), d ? 0 : 10, d ? silo : null)).ToArray();
        foreach (var target in ready) target.MarkSuspect();

        Assert.Null(ReplicaChoice.Pick(ready, new Random(seed))!.Silo);
    });

    [Fact]
    public void Of_two_the_less_loaded_is_chosen_counting_leases_and_reports()
    {
        var leases = new ReplicaLeases();
        var ready = Targets([(3, false), (1, false)], leases);
        var random = new Random(1);

        Assert.Same(ready[1], ReplicaChoice.Pick(ready, random));
        using var lease = leases.Take("r1", 5);
        Assert.Same(ready[0], ReplicaChoice.Pick(ready, random));
    }

    [Fact]
    public void Load_spreads_evenly_without_any_report()
    {
        var leases = new ReplicaLeases();
        var ready = Targets(Enumerable.Repeat((0, false), 8), leases);
        var random = new Random(7);

        for (var i = 0; i < 8000; i++) leases.Take(ReplicaChoice.Pick(ready, random)!.Key, 1);

        Assert.All(ready, r => Assert.InRange(leases.InFlight(r.Key), 990, 1010));
    }
}

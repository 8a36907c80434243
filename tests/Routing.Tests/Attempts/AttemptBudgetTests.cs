using CsCheck;
using Meridian.Messages;
using Meridian.Routing.Attempts;

namespace Meridian.Routing.Tests.Attempts;

/// <summary>The course of a request over regions with several replicas, for any behaviour of the replicas.</summary>
public sealed class AttemptBudgetTests
{
    private enum Behaviour
    {
        Serves,
        Lost,
        Full,
        RegionFull,
        RegionLost,
        Faulty,
    }

    private static readonly Gen<Behaviour[][]> Regions = Gen.Int[0, 5].Select(i => (Behaviour)i).Array[1, 4].Array[1, 3];

    [Fact]
    public void A_request_costs_no_more_calls_to_shards_than_its_budget_has_attempts() =>
        Gen.Select(Regions, Gen.Int[1, 6], Gen.Bool).Sample((regions, attempts, hedged) =>
        {
            var course = Run(regions, attempts, 100_000, hedged, static _ => 1);
            Assert.InRange(course.Calls.Count, 1, attempts);
        });

    [Fact]
    public void No_attempt_begins_after_the_deadline() =>
        Gen.Select(Regions, Gen.Int[1, 6], Gen.Int[1, 100], Gen.Int[1, 60].Array[1, 8]).Sample((regions, attempts, deadlineMs, durations) =>
        {
            var course = Run(regions, attempts, deadlineMs, hedged: false, i => durations[i % durations.Length]);
            Assert.All(course.Calls, call => Assert.True(call.RemainingMs > 0 && call.BeganMs + call.RemainingMs <= deadlineMs));
        });

    [Fact]
    public void A_replica_that_failed_a_request_is_not_asked_again() =>
        Gen.Select(Regions, Gen.Int[1, 8], Gen.Bool).Sample((regions, attempts, hedged) =>
        {
            var course = Run(regions, attempts, 100_000, hedged, static _ => 1);
            var failed = course.Calls.Where(call => regions[call.Region][call.Replica] is Behaviour.Lost or Behaviour.Full);
            Assert.All(failed.GroupBy(call => (call.Region, call.Replica)), calls => Assert.Single(calls));
        });

    [Fact]
    public void A_region_that_still_has_a_good_replica_serves_if_no_other_region_does() =>
        Gen.Select(Gen.Int[1, 2].Select(i => (Behaviour)i).Array[0, 5], Gen.Int[0, 5]).Sample((bad, at) =>
        {
            Behaviour[] replicas = [.. bad.Take(Math.Min(at, bad.Length)), Behaviour.Serves, .. bad.Skip(Math.Min(at, bad.Length))];
            var course = Run([replicas], attempts: replicas.Length, 100_000, hedged: false, static _ => 1);
            Assert.True(course.Served);
        });

    [Fact]
    public void One_region_does_not_spend_the_whole_budget_while_another_is_left() =>
        Gen.Int[1, 2].Select(i => (Behaviour)i).Array[3, 6].Sample(bad =>
        {
            var course = Run([bad, [Behaviour.Serves]], attempts: 4, 100_000, hedged: false, static _ => 1);
            Assert.True(course.Served);
            Assert.Equal([0, 0, 1], course.Calls.Select(call => call.Region));
        });

    [Fact]
    public void A_lost_replica_is_no_fault_of_its_region()
    {
        foreach (var code in new[] { RefusalCode.NotReady, RefusalCode.NoCapacity, RefusalCode.RegionLost })
        {
            foreach (var again in new[] { false, true })
            {
                var budget = new AttemptBudget(4, 1000);
                budget.Begin("eastus");
                var refusal = new Refusal { Code = code, Message = "a replica", Replica = "r0", Again = again };
                Assert.Equal(
                    new AttemptVerdict(again ? NextStep.SameRegion : NextStep.OtherRegion, AttemptOutcome.Answered, Suspect: false),
                    budget.End("eastus", refusal, new AttemptFacts { Failed = true }));
                Assert.Equal(again ? "eastus" : null, budget.Kept);
                Assert.Equal(["r0"], budget.Excluded("eastus")!);
            }
        }
    }

    [Fact]
    public void The_replicas_fault_is_read_only_from_refusals_that_can_be_one()
    {
        var all = Enum.GetValues<RefusalCode>().Select(code => (code, ReplicaFault.Of(new Refusal { Code = code, Message = "", Replica = "r0" })));
        Assert.Equal(
            [(RefusalCode.NoCapacity, ReplicaOutcome.Full), (RefusalCode.NotReady, ReplicaOutcome.Lost), (RefusalCode.RegionLost, ReplicaOutcome.Lost)],
            all.Where(pair => pair.Item2 != ReplicaOutcome.None));
        Assert.All(Enum.GetValues<RefusalCode>(), code => Assert.Equal(ReplicaOutcome.None, ReplicaFault.Of(new Refusal { Code = code, Message = "" })));
    }

    /// <summary>An edge over regions that are tried in their order. A hedge is an attempt at the next region before the first attempt has ended.</summary>
    private static Course Run(Behaviour[][] regions, int attempts, int deadlineMs, bool hedged, Func<int, int> duration)
    {
        var budget = new AttemptBudget(attempts, deadlineMs);
        var course = new Course();
        var now = 0;
        while (budget.RemainingMs(now) > 0 && budget.Left > 0 && Next(budget, regions) is { } region)
        {
            var begun = new List<int> { region };
            budget.Begin($"{region}");
            if (hedged && budget.Left > 0 && Enumerable.Range(0, regions.Length).Cast<int?>().FirstOrDefault(r => !budget.Tried.Contains($"{r}")) is { } second)
            {
                hedged = false;
                budget.Begin($"{second}");
                begun.Add(second);
            }

            var began = now;
            foreach (var at in begun)
            {
                var refusal = Ask(regions[at], at, budget, course, began);
                now = began + duration(course.Calls.Count);
                if (refusal is null)
                {
                    course.Served = true;
                    return course;
                }

                if (budget.End($"{at}", refusal, default).Next is NextStep.Answer or NextStep.Deadline)
                    return course;
            }
        }

        return course;
    }

    private static int? Next(AttemptBudget budget, Behaviour[][] regions)
    {
        if (budget.Kept is { } kept)
            return int.Parse(kept, System.Globalization.CultureInfo.InvariantCulture);
        for (var region = 0; region < regions.Length; region++)
        {
            if (!budget.Tried.Contains($"{region}"))
                return region;
        }

        return budget.Open is [var open, ..] ? int.Parse(open, System.Globalization.CultureInfo.InvariantCulture) : null;
    }

    /// <summary>A region: one attempt at one replica that is not excluded.</summary>
    private static Refusal? Ask(Behaviour[] replicas, int region, AttemptBudget budget, Course course, int began)
    {
        var excluded = budget.Excluded($"{region}") ?? [];
        var replica = Array.FindIndex([.. Enumerable.Range(0, replicas.Length)], i => !excluded.Contains($"r{i}"));
        if (replica < 0)
            return new Refusal { Code = RefusalCode.NotReady, Message = "none", Replica = excluded[^1] };
        course.Calls.Add((region, replica, began, budget.RemainingMs(began)));
        var again = excluded.Length + 1 < replicas.Length;
        return replicas[replica] switch
        {
            Behaviour.Serves => null,
            Behaviour.Lost => new Refusal { Code = RefusalCode.NotReady, Message = "lost", Replica = $"r{replica}", Again = again },
            Behaviour.Full => new Refusal { Code = RefusalCode.NoCapacity, Message = "full", Replica = $"r{replica}", Again = again },
            Behaviour.RegionFull => new Refusal { Code = RefusalCode.NoCapacity, Message = "full" },
            Behaviour.RegionLost => new Refusal { Code = RefusalCode.RegionLost, Message = "lost" },
            _ => new Refusal { Code = RefusalCode.Internal, Message = "fault" },
        };
    }

    private sealed class Course
    {
        public List<(int Region, int Replica, int BeganMs, int RemainingMs)> Calls { get; } = [];

        public bool Served { get; set; }
    }
}

using CsCheck;
using Meridian.Client.Routing;

namespace Meridian.Client.Tests.Routing;

public class RegionSelectionTests
{
    private static readonly Gen<RegionCandidate> Candidate =
        from bits in Gen.Int[0, 63]
        from ms in Gen.Double[0.01, 400]
        select new RegionCandidate((bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0, (bits & 16) != 0, (bits & 32) != 0, ms);

    private static readonly Gen<(RegionCandidate[] Candidates, int Home, ulong Tried)> Situation =
        Gen.Select(Candidate.Array[0, 6], Gen.Int[-1, 6], Gen.ULong[0, 63]);

    private static RegionCandidate Region(double ms, bool ready = true, bool full = false, bool draining = false, bool settled = true, bool preferred = false, bool usable = true) =>
        new(usable, ready, full, draining, settled, preferred, ms);

    [Fact]
    public void A_choice_is_usable_and_untried_and_there_is_one_whenever_a_region_is_left() => Situation.Sample(s =>
    {
        var choice = RegionSelection.Choose(s.Candidates, s.Home, s.Tried);
        var left = Enumerable.Range(0, s.Candidates.Length).Where(i => s.Candidates[i].Usable && (s.Tried & (1UL << i)) == 0).ToArray();
        return left.Length == 0 ? choice == -1 : left.Contains(choice);
    });

    [Fact]
    public void No_region_that_is_left_can_serve_better() => Situation.Sample(s =>
    {
        var choice = RegionSelection.Choose(s.Candidates, s.Home, s.Tried);
        return choice < 0 || Enumerable.Range(0, s.Candidates.Length)
            .Where(i => s.Candidates[i].Usable && (s.Tried & (1UL << i)) == 0)
            .All(i => s.Candidates[choice].Tier <= s.Candidates[i].Tier);
    });

    [Fact]
    public void A_choice_made_home_is_chosen_again() => Situation.Sample(s =>
    {
        var choice = RegionSelection.Choose(s.Candidates, s.Home, s.Tried);
        return RegionSelection.Choose(s.Candidates, choice, s.Tried) == choice;
    });

    [Fact]
    public void Jitter_below_what_is_clearly_better_moves_nobody() =>
        (from home in Gen.Int[0, 3]
         from ms in Gen.Double[0.1, 200]
         from jitter in Gen.Double[0.85, 1.15].Array[4]
         select (home, candidates: jitter.Select(j => Region(ms * j)).ToArray()))
        .Sample(s => RegionSelection.Choose(s.candidates, s.home, 0) == s.home);

    [Fact]
    public void Without_a_home_the_nearest_is_chosen() =>
        Gen.Double[0.1, 400].Array[1, 8].Sample(ms =>
        {
            var choice = RegionSelection.Choose(ms.Select(m => Region(m)).ToArray(), -1, 0);
            return ms[choice] == ms.Min();
        });

    [Fact]
    public void A_nearer_region_that_has_just_come_back_does_not_take_over_yet()
    {
        Assert.Equal(0, RegionSelection.Choose([Region(80), Region(2, settled: false)], home: 0, tried: 0));
        Assert.Equal(1, RegionSelection.Choose([Region(80), Region(2)], home: 0, tried: 0));
    }

    [Fact]
    public void A_region_that_has_just_come_back_is_used_when_the_home_cannot_serve()
    {
        Assert.Equal(1, RegionSelection.Choose([Region(2, full: true), Region(80, settled: false)], home: 0, tried: 0));
        Assert.Equal(1, RegionSelection.Choose([Region(2, usable: false), Region(80, settled: false)], home: 0, tried: 0));
    }

    [Fact]
    public void A_draining_region_gets_only_what_no_other_can_serve()
    {
        Assert.Equal(1, RegionSelection.Choose([Region(2, draining: true, preferred: true), Region(80, settled: false)], home: 0, tried: 0));
        Assert.Equal(1, RegionSelection.Choose([Region(2, draining: true), Region(80, full: true)], home: 0, tried: 0));
        Assert.Equal(0, RegionSelection.Choose([Region(2, draining: true), Region(80, ready: false)], home: -1, tried: 0));
        Assert.Equal(0, RegionSelection.Choose([Region(2, draining: true), Region(80)], home: 1, tried: 0b10));
    }

    [Fact]
    public void The_preferred_region_wins_while_it_can_serve()
    {
        Assert.Equal(1, RegionSelection.Choose([Region(2), Region(80, preferred: true)], home: 0, tried: 0));
        Assert.Equal(1, RegionSelection.Choose([Region(2), Region(80, preferred: true)], home: 1, tried: 0));
        Assert.Equal(0, RegionSelection.Choose([Region(2), Region(80, preferred: true, full: true)], home: 1, tried: 0));
    }

    [Fact]
    public void A_region_without_a_ready_replica_is_the_last_resort()
    {
        Assert.Equal(1, RegionSelection.Choose([Region(1, ready: false), Region(300, full: true)], home: -1, tried: 0));
        Assert.Equal(0, RegionSelection.Choose([Region(1, ready: false), Region(300, full: true)], home: -1, tried: 0b10));
    }
}

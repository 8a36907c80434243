using CsCheck;
using Meridian.Federation.IntentSources;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Tests.Directory;

public sealed class IntentMergeTests
{
    private static readonly Gen<Intent> Intents =
        from epoch in Gen.Long[0, 3]
        from regions in Gen.OneOf("eastus", "westeurope", "southeastasia").Array[0, 3]
        from models in Gen.OneOf("minilm", "phi").Array[0, 2]
        select new Intent
        {
            Epoch = epoch,
            Regions = [.. regions.Distinct().Select(r => new RegionMember { Name = r, Jurisdiction = "eu", Protocol = new Uri("http://localhost:1") })],
            Models = [.. models.Distinct().Select(m => new ModelDeclaration { Name = m, Kind = "embedding", OwnedBy = "test" })],
        };

    [Fact]
    public void Order_does_not_matter() =>
        Gen.Select(Intents, Intents).Sample((a, b) => Same(IntentMerge.Merge(a, b), IntentMerge.Merge(b, a)));

    [Fact]
    public void Grouping_does_not_matter() =>
        Gen.Select(Intents, Intents, Intents).Sample((a, b, c) =>
            Same(IntentMerge.Merge(IntentMerge.Merge(a, b), c), IntentMerge.Merge(a, IntentMerge.Merge(b, c))));

    [Fact]
    public void Repetition_does_not_matter() =>
        Gen.Select(Intents, Intents).Sample((a, b) =>
        {
            var merged = IntentMerge.Merge(a, b);
            return ReferenceEquals(IntentMerge.Merge(a, a), a) && Same(IntentMerge.Merge(merged, b), merged) && Same(IntentMerge.Merge(merged, a), merged);
        });

    [Fact]
    public void The_higher_epoch_holds() =>
        Gen.Select(Intents, Intents).Sample((a, b) => IntentMerge.Merge(a, b).Epoch == Math.Max(a.Epoch, b.Epoch));

    [Fact]
    public void What_names_a_region_or_model_twice_or_not_at_all_is_not_taken()
    {
        var good = Sample.Intent(("eastus", "us"), ("westeurope", "eu"));

        Assert.Null(IntentMerge.Fault(good));
        Assert.Contains("'eastus' is named twice", IntentMerge.Fault(good with { Regions = [good.Regions[0], good.Regions[0]] }));
        Assert.Contains("'minilm' is named twice", IntentMerge.Fault(good with { Models = [good.Models[0], good.Models[0]] }));
        Assert.NotNull(IntentMerge.Fault(good with { Regions = [good.Regions[0] with { Name = "" }] }));
        Assert.NotNull(IntentMerge.Fault(good with { Regions = null! }));
        Assert.NotNull(IntentMerge.Fault(good with { Models = [null!] }));
    }

    private static bool Same(Intent a, Intent b) =>
        a.Epoch == b.Epoch && a.Regions.Select(r => r.Name).SequenceEqual(b.Regions.Select(r => r.Name)) && a.Models.Select(m => m.Name).SequenceEqual(b.Models.Select(m => m.Name));
}

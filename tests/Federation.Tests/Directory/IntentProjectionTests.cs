using Meridian.Federation.IntentSources;
using Meridian.Intents;
using Meridian.Intents.Records;
using Meridian.Routing.Snapshots;
using Meridian.Specs;

namespace Meridian.Federation.Tests.Directory;

public sealed class IntentProjectionTests
{
    private static readonly MemberRecord Europe = new()
    {
        Jurisdiction = "eu",
        Protocol = "http://10.0.0.2:8190",
        Facade = "http://10.0.0.2:8082",
        Location = "Amsterdam",
        Consensus = "10.0.0.2:8194",
        Country = "NL",
        PricePerHour = 1.5,
    };

    [Fact]
    public void Records_become_what_edges_work_by()
    {
        var intent = Project(
            (IntentKinds.Member, "westeurope", Europe),
            (IntentKinds.Model, "minilm", new ModelSpec { Kind = "embedding", OwnedBy = "sbert", Created = 7 }),
            (IntentKinds.Deployment, "minilm", new DeploymentSpec { Regions = ["westeurope"] }),
            (IntentKinds.Policy, "minilm", new PolicyRecord { Routing = "nearest" }),
            (IntentKinds.Policy, "default", new PolicyRecord { Routing = "least-load", HedgeAfterMs = 40 }),
            (IntentKinds.Tenant, "acme", new TenantRecord { Residency = ["eu"] }));

        var region = Assert.Single(intent.Regions);
        Assert.Equal(("westeurope", "eu", "NL", 1.5), (region.Name, region.Jurisdiction, region.Country, region.PricePerHour));
        Assert.Equal(new Uri("http://10.0.0.2:8190"), region.Protocol);
        Assert.Equal(new Uri("http://10.0.0.2:8082"), region.Facade);
        var model = Assert.Single(intent.Models);
        Assert.Equal(("minilm", "embedding", "sbert", 7L, "nearest", 40), (model.Name, model.Kind, model.OwnedBy, model.Created, model.Routing, model.HedgeAfterMs));
        Assert.Equal(["westeurope"], model.Regions);
        var tenant = Assert.Single(intent.Tenants);
        Assert.Equal("acme", tenant.Name);
        Assert.Equal(["eu"], tenant.Residency!);
    }

    [Fact]
    public void A_witness_serves_nothing()
    {
        var intent = Project((IntentKinds.Member, "westeurope", Europe), (IntentKinds.Member, "third", Europe with { Witness = true }));

        Assert.Equal(["westeurope"], intent.Regions.Select(r => r.Name));
    }

    [Fact]
    public void Every_change_raises_the_epoch_above_any_configured_one()
    {
        var one = Replicas.Of((IntentKinds.Member, "westeurope", Europe));
        var two = one.With(IntentKinds.Member, "westeurope", Europe with { Location = "Dublin" });

        var first = IntentProjection.Project(one, out _);
        var second = IntentProjection.Project(two, out _);

        Assert.True(second.Epoch > first.Epoch);
        Assert.True(first.Epoch > int.MaxValue);
    }

    [Fact]
    public void What_cannot_be_read_is_left_out_and_named_and_frees_no_tenant()
    {
        byte[] broken = [0xC1, 1, 2];
        var intent = IntentProjection.Project(
            Replicas.Of(
                (IntentKinds.Member, "westeurope", Europe),
                (IntentKinds.Member, "broken", broken),
                (IntentKinds.Member, "nowhere", Europe with { Protocol = "not an address" }),
                (IntentKinds.Model, "broken", broken),
                (IntentKinds.Tenant, "acme", broken),
                ("of-a-later-build", "x", broken)),
            out var unreadable);

        Assert.Equal(["westeurope"], intent.Regions.Select(r => r.Name));
        Assert.Empty(intent.Models);
        Assert.Empty(Assert.Single(intent.Tenants).Residency!);
        Assert.Equal(["member/broken", "member/nowhere", "model/broken", "tenant/acme"], unreadable.Select(key => key.ToString()).Order(StringComparer.Ordinal));
    }

    private static Intent Project(params (string, string, object)[] records) => IntentProjection.Project(Replicas.Of(records), out _);
}

using CsCheck;
using Meridian.Federation.IntentSources;
using Meridian.Intents;
using Meridian.Intents.Records;
using Meridian.Specs;

namespace Meridian.Federation.Tests.Directory;

public sealed class ReconciliationTests
{
    private static readonly string[] Names = ["a", "b", "c"];

    private static readonly ModelSpec Spec = new() { Kind = "embedding", OwnedBy = "x", Engine = new EngineSettings() };

    [Fact]
    public void An_empty_log_takes_everything()
    {
        var log = Reconcile(IntentReplica.Empty, "a", Configured("a", "b"));

        Assert.Equal(
            ["deployment/m", "installation/seed", "member/a", "member/b", "model/m", "tenant/t"],
            log.Records.Keys.Select(key => key.ToString()).Order(StringComparer.Ordinal));
        Assert.Equal("a", log.Find<InstallationRecord>(IntentKinds.Installation, IntentKinds.Seed)!.SeededBy);
    }

    [Fact]
    public void Later_a_region_speaks_for_itself_alone()
    {
        var log = Reconcile(IntentReplica.Empty, "a", Configured("a", "b"));
        log = log.Apply([new IntentWrite(new IntentKey(IntentKinds.Member, "b"), null)]);

        log = Reconcile(log, "a", Configured("a", "b"));
        Assert.Null(log.Find<MemberRecord>(IntentKinds.Member, "b"));

        log = Reconcile(log, "b", Configured("a", "b"));
        Assert.NotNull(log.Find<MemberRecord>(IntentKinds.Member, "b"));
    }

    [Fact]
    public void A_region_that_moved_tells_its_new_address()
    {
        var log = Reconcile(IntentReplica.Empty, "a", Configured("a", "b"));
        var moved = Configured("a", "b") with { Members = [("a", Member("a") with { Facade = "http://new:1" }), ("b", Member("b") with { Facade = "http://not-mine:1" })] };

        log = Reconcile(log, "a", moved);

        Assert.Equal("http://new:1", log.Find<MemberRecord>(IntentKinds.Member, "a")!.Facade);
        Assert.Null(log.Find<MemberRecord>(IntentKinds.Member, "b")!.Facade);
    }

    [Fact]
    public void A_region_that_operators_removed_stays_out()
    {
        var log = Reconcile(IntentReplica.Empty, "a", Configured("a", "b"));
        log = log.Apply([new IntentWrite(new IntentKey(IntentKinds.Member, "b"), null)]).With(IntentKinds.Removed, "b", new RemovedRecord { By = "operator" });

        Assert.Empty(Reconciliation.Plan(log, "b", Configured("a", "b"), 1));
    }

    [Fact]
    public void What_operators_changed_or_deleted_stays()
    {
        var log = Reconcile(IntentReplica.Empty, "a", Configured("a"))
            .With(IntentKinds.Tenant, "t", new TenantRecord { Residency = ["us"] })
            .With(IntentKinds.Model, "other", new ModelSpec { Kind = "embedding", OwnedBy = "x" });

        Assert.Empty(Reconciliation.Plan(log, "a", Configured("a"), 1));

        log = log.Apply([new IntentWrite(new IntentKey(IntentKinds.Model, "m"), null)]);
        Assert.Empty(Reconciliation.Plan(log, "a", Configured("a"), 1));
    }

    [Fact]
    public void A_model_that_the_configuration_gets_later_is_proposed_once()
    {
        var log = Reconcile(IntentReplica.Empty, "a", Configured("a"));
        var wanted = Configured("a") with { Models = [.. Configured("a").Models, new ConfiguredModel("late", Spec, new DeploymentSpec { Replicas = 2 })] };

        log = Reconcile(log, "a", wanted);

        Assert.Equal(2, log.Find<DeploymentSpec>(IntentKinds.Deployment, "late")!.Replicas);
        Assert.Equal(["late", "m"], log.Find<InstallationRecord>(IntentKinds.Installation, IntentKinds.Seed)!.Proposed!);
        log = log.Apply([new IntentWrite(new IntentKey(IntentKinds.Model, "late"), null)]);
        Assert.Empty(Reconciliation.Plan(log, "a", wanted, 1));
    }

    [Fact]
    public void A_new_order_of_the_command_line_overrides_the_log_once()
    {
        var log = Reconcile(IntentReplica.Empty, "a", Configured("a"))
            .With(IntentKinds.Deployment, "m", new DeploymentSpec { Regions = ["a"], Version = "v1", Replicas = 3 });
        var ordered = Configured("a") with { Models = [new ConfiguredModel("m", Spec with { Kind = "generation" }, new DeploymentSpec { Replicas = 1 }, "m=/models/m")] };

        log = Reconcile(log, "a", ordered);

        Assert.Equal("generation", log.Find<ModelSpec>(IntentKinds.Model, "m")!.Kind);
        var deployed = log.Find<DeploymentSpec>(IntentKinds.Deployment, "m")!;
        Assert.Equal((null, 3, "a"), (deployed.Version, deployed.Replicas, Assert.Single(deployed.Regions!)));

        log = log.With(IntentKinds.Deployment, "m", new DeploymentSpec { Version = "v2", Replicas = 3 });
        Assert.Empty(Reconciliation.Plan(log, "a", ordered, 1));

        log = log.Apply([new IntentWrite(new IntentKey(IntentKinds.Model, "m"), null)]);
        Assert.NotNull(Reconcile(log, "a", ordered).Find<ModelSpec>(IntentKinds.Model, "m"));
    }

    [Fact]
    public void Each_region_keeps_its_own_orders()
    {
        static ConfiguredRecords Ordered(string folder) => Configured("a", "b") with { Models = [new ConfiguredModel("m", Spec with { Kind = "generation" }, new DeploymentSpec(), $"m={folder}")] };
        var log = Reconcile(Reconcile(IntentReplica.Empty, "a", Ordered("/disk1/m")), "b", Ordered("/disk2/m"));
        Assert.Equal(["a/m=/disk1/m", "b/m=/disk2/m"], log.Find<InstallationRecord>(IntentKinds.Installation, IntentKinds.Seed)!.Orders!);
        log = log.With(IntentKinds.Model, "m", new ModelSpec { Kind = "embedding", OwnedBy = "operator", Engine = new EngineSettings() });

        // Both restart, and another region starts with a folder that is known: the operator's change stays.
        Assert.Empty(Reconciliation.Plan(log, "a", Ordered("/disk1/m"), 1));
        Assert.Empty(Reconciliation.Plan(log, "b", Ordered("/disk2/m"), 1));
        log = Reconcile(log, "c", Ordered("/disk1/m"));
        Assert.Equal("embedding", log.Find<ModelSpec>(IntentKinds.Model, "m")!.Kind);

        log = Reconcile(log, "a", Ordered("/disk3/m"));
        Assert.Equal("generation", log.Find<ModelSpec>(IntentKinds.Model, "m")!.Kind);
    }

    [Fact]
    public void Records_of_an_older_build_get_what_the_configuration_decided_until_then()
    {
        var log = Reconcile(IntentReplica.Empty, "a", Configured("a"))
            .With(IntentKinds.Model, "m", new ModelSpec { Kind = "embedding", OwnedBy = "operator" })
            .With(IntentKinds.Deployment, "m", new DeploymentSpec { Regions = ["a"] });
        var configured = Configured("a") with { Models = [new ConfiguredModel("m", Spec with { Engine = new EngineSettings { MaxBatch = 7 } }, new DeploymentSpec { Replicas = 2, Version = "v1" })] };

        log = Reconcile(log, "a", configured);

        var model = log.Find<ModelSpec>(IntentKinds.Model, "m")!;
        Assert.Equal(("operator", 7), (model.OwnedBy, model.Engine!.MaxBatch));
        var deployed = log.Find<DeploymentSpec>(IntentKinds.Deployment, "m")!;
        Assert.Equal((2, "v1", "a"), (deployed.Replicas, deployed.Version, Assert.Single(deployed.Regions!)));
        Assert.Empty(Reconciliation.Plan(log, "a", configured, 1));
    }

    [Fact]
    public void Whatever_is_in_the_log_one_round_is_enough()
    {
        Gen.Select(
            Gen.Int[0, 2].Select(i => Names[i]).Array[0, 3],
            Gen.Int[0, 2].Select(i => Names[i]).Array[0, 3],
            Gen.Int[0, 2].Select(i => Names[i]),
            Gen.Bool,
            (before, configured, self, ordered) => (before, configured, self, ordered)).Sample(at =>
        {
            var log = IntentReplica.Empty;
            foreach (var name in at.before)
                log = log.With(IntentKinds.Member, name, Member(name)).With(IntentKinds.Model, name, new ModelSpec { Kind = "embedding", OwnedBy = "x" });
            var wanted = Configured([.. at.configured.Append(at.self).Distinct()]);
            if (at.ordered)
                wanted = wanted with { Models = [.. wanted.Models.Select(m => m with { Order = $"{m.Name}=/models" })] };

            log = Reconcile(log, at.self, wanted);

            Assert.Empty(Reconciliation.Plan(log, at.self, wanted, 2));
            Assert.NotNull(log.Find<MemberRecord>(IntentKinds.Member, at.self));
        });
    }

    private static IntentReplica Reconcile(IntentReplica log, string self, ConfiguredRecords configured) =>
        log.Apply(Reconciliation.Plan(log, self, configured, 1));

    private static ConfiguredRecords Configured(params string[] members) => new()
    {
        Members = [.. members.Select(name => (name, Member(name)))],
        Models = [new ConfiguredModel("m", Spec, new DeploymentSpec { Replicas = 1 })],
        Tenants = [("t", new TenantRecord { Residency = ["eu"] })],
    };

    private static MemberRecord Member(string name) => new() { Jurisdiction = "eu", Protocol = $"http://{name}:1" };
}

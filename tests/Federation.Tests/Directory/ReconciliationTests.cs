using CsCheck;
using Meridian.Federation.IntentSources;
using Meridian.Intents;
using Meridian.Intents.Options;
using Meridian.Intents.Records;

namespace Meridian.Federation.Tests.Directory;

public sealed class ReconciliationTests
{
    private static readonly string[] Names = ["a", "b", "c"];

    [Fact]
    public void An_empty_log_takes_everything()
    {
        var log = Reconcile(IntentReplica.Empty, "a", Configured("a", "b"), ReconcileMode.Add);

        Assert.Equal(
            ["deployment/m", "installation/seed", "member/a", "member/b", "model/m", "tenant/t"],
            log.Records.Keys.Select(key => key.ToString()).Order(StringComparer.Ordinal));
        Assert.Equal("a", log.Find<InstallationRecord>(IntentKinds.Installation, IntentKinds.Seed)!.SeededBy);
    }

    [Fact]
    public void Later_a_region_speaks_for_itself_alone()
    {
        var log = Reconcile(IntentReplica.Empty, "a", Configured("a", "b"), ReconcileMode.Add);
        log = log.Apply([new IntentWrite(new IntentKey(IntentKinds.Member, "b"), null)]);

        log = Reconcile(log, "a", Configured("a", "b"), ReconcileMode.Add);
        Assert.Null(log.Find<MemberRecord>(IntentKinds.Member, "b"));

        log = Reconcile(log, "b", Configured("a", "b"), ReconcileMode.Add);
        Assert.NotNull(log.Find<MemberRecord>(IntentKinds.Member, "b"));
    }

    [Fact]
    public void A_region_that_moved_tells_its_new_address()
    {
        var log = Reconcile(IntentReplica.Empty, "a", Configured("a", "b"), ReconcileMode.Add);
        var moved = Configured("a", "b") with { Members = [("a", Member("a") with { Facade = "http://new:1" }), ("b", Member("b") with { Facade = "http://not-mine:1" })] };

        log = Reconcile(log, "a", moved, ReconcileMode.Add);

        Assert.Equal("http://new:1", log.Find<MemberRecord>(IntentKinds.Member, "a")!.Facade);
        Assert.Null(log.Find<MemberRecord>(IntentKinds.Member, "b")!.Facade);
    }

    [Fact]
    public void A_region_that_operators_removed_stays_out()
    {
        var log = Reconcile(IntentReplica.Empty, "a", Configured("a", "b"), ReconcileMode.Add);
        log = log.Apply([new IntentWrite(new IntentKey(IntentKinds.Member, "b"), null)]).With(IntentKinds.Removed, "b", new RemovedRecord { By = "operator" });

        Assert.Empty(Reconciliation.Plan(log, "b", Configured("a", "b"), ReconcileMode.Add, 1));
    }

    [Fact]
    public void What_operators_changed_stays_unless_configuration_is_exact()
    {
        var log = Reconcile(IntentReplica.Empty, "a", Configured("a"), ReconcileMode.Add)
            .With(IntentKinds.Tenant, "t", new TenantRecord { Residency = ["us"] })
            .With(IntentKinds.Model, "other", new ModelRecord { Kind = "embedding", OwnedBy = "x" });

        Assert.Empty(Reconciliation.Plan(log, "a", Configured("a"), ReconcileMode.Add, 1));

        log = Reconcile(log, "a", Configured("a"), ReconcileMode.Exact);
        Assert.Equal(["eu"], log.Find<TenantRecord>(IntentKinds.Tenant, "t")!.Residency!);
        Assert.Null(log.Find<ModelRecord>(IntentKinds.Model, "other"));
    }

    [Fact]
    public void Whatever_is_in_the_log_one_round_is_enough()
    {
        Gen.Select(
            Gen.Int[0, 2].Select(i => Names[i]).Array[0, 3],
            Gen.Int[0, 2].Select(i => Names[i]).Array[0, 3],
            Gen.Int[0, 2].Select(i => Names[i]),
            Gen.Bool,
            (before, configured, self, exact) => (before, configured, self, exact)).Sample(at =>
        {
            var mode = at.exact ? ReconcileMode.Exact : ReconcileMode.Add;
            var log = IntentReplica.Empty;
            foreach (var name in at.before)
                log = log.With(IntentKinds.Member, name, Member(name)).With(IntentKinds.Model, name, new ModelRecord { Kind = "embedding", OwnedBy = "x" });
            var wanted = Configured([.. at.configured.Append(at.self).Distinct()]);

            log = Reconcile(log, at.self, wanted, mode);

            Assert.Empty(Reconciliation.Plan(log, at.self, wanted, mode, 2));
            Assert.NotNull(log.Find<MemberRecord>(IntentKinds.Member, at.self));
        });
    }

    private static IntentReplica Reconcile(IntentReplica log, string self, ConfiguredRecords configured, ReconcileMode mode) =>
        log.Apply(Reconciliation.Plan(log, self, configured, mode, 1));

    private static ConfiguredRecords Configured(params string[] members) => new()
    {
        Members = [.. members.Select(name => (name, Member(name)))],
        Models = [("m", new ModelRecord { Kind = "embedding", OwnedBy = "x" }, new DeploymentRecord(), null)],
        Tenants = [("t", new TenantRecord { Residency = ["eu"] })],
    };

    private static MemberRecord Member(string name) => new() { Jurisdiction = "eu", Protocol = $"http://{name}:1" };
}

using CsCheck;
using Meridian.Federation.Configuration;
using Meridian.Federation.IntentSources;
using Meridian.Intents;
using Meridian.Intents.Options;
using Meridian.Intents.Records;
using Meridian.Specs;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Tests.Directory;

public sealed class IntentDriftTests
{
    [Fact]
    public void A_log_that_was_seeded_by_the_configuration_does_not_differ() =>
        Gen.Select(Gen.Int[1, 4096], Gen.Bool, Gen.Int[0, 64], Gen.Bool.Select(static named => named ? "nearest" : null)).Sample((batch, prefix, replicas, policy) =>
        {
            var configured = Configured(new ModelDeclarationOptions
            {
                Name = "m",
                Replicas = replicas,
                Routing = policy,
                Engine = new EngineSettings { MaxBatch = batch, PrefixCache = prefix },
            });

            Assert.Empty(IntentDrift.Between(configured, Seed(configured)));
        });

    [Fact]
    public void Each_field_that_operators_changed_is_named_with_both_values()
    {
        var configured = Configured(new ModelDeclarationOptions { Name = "m", Engine = new EngineSettings { MaxBatch = 64 }, Regions = ["a"] });
        var log = Seed(configured)
            .With(IntentKinds.Model, "m", configured.Models[0].Spec with { Engine = new EngineSettings { MaxBatch = 7 }, Origin = null })
            .With(IntentKinds.Deployment, "m", configured.Models[0].Deployment with { Regions = ["b"], Version = "v2" })
            .With(IntentKinds.Tenant, "t", new TenantRecord { Residency = ["us"] });

        Assert.Equal(
            [
                """deployment/m regions: ["a"] in the settings, ["b"] in the log""",
                """deployment/m version: null in the settings, "v2" in the log""",
                "model/m engine.max_batch: 64 in the settings, 7 in the log",
                """tenant/t residency: ["eu"] in the settings, ["us"] in the log""",
            ],
            IntentDrift.Between(configured, log).Select(static entry => entry.ToString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_record_that_one_side_lacks_is_named()
    {
        var configured = Configured(new ModelDeclarationOptions { Name = "m" });
        var log = Seed(configured).With(IntentKinds.Model, "other", configured.Models[0].Spec).Apply([new IntentWrite(new IntentKey(IntentKinds.Model, "m"), null)]);

        Assert.Equal(["model/m: missing in the log", "model/other: not in the configuration"], IntentDrift.Between(configured, log).Select(static entry => entry.ToString()));
    }

    [Fact]
    public void A_record_of_an_older_build_does_not_differ_where_configuration_still_decides()
    {
        var configured = Configured(new ModelDeclarationOptions { Name = "m", Engine = new EngineSettings { MaxBatch = 64 }, Replicas = 3 });
        var log = Seed(configured)
            .With(IntentKinds.Model, "m", configured.Models[0].Spec with { Engine = null })
            .With(IntentKinds.Deployment, "m", configured.Models[0].Deployment with { Replicas = null });

        Assert.Empty(IntentDrift.Between(configured, log));
    }

    [Fact]
    public async Task Settings_without_a_log_are_read_like_a_log_and_take_no_change()
    {
        var federation = new FederationOptions { Region = "a", Models = [new ModelDeclarationOptions { Name = "m" }] };
        await using var log = new ConfiguredIntentLog(Options.Create(federation), Options.Create(new IntentLogOptions { Self = "a" }));

        Assert.Equal("embedding", log.Current.Find<ModelSpec>(IntentKinds.Model, "m")!.Kind);
        Assert.False(log.Status.CanChange);
        var refused = await Assert.ThrowsAsync<NoIntentLogException>(() => log.ChangeAsync(new IntentChange { Operation = Guid.NewGuid(), Writes = [] }, default));
        Assert.Contains("Intent:Kind", refused.Message, StringComparison.Ordinal);
    }

    private static ConfiguredRecords Configured(ModelDeclarationOptions model) =>
        ConfiguredRecords.From(new FederationOptions { Region = "a", Models = [model], Tenants = [new TenantOptions { Name = "t", Residency = ["eu"] }] }, new IntentLogOptions { Self = "a" });

    private static IntentReplica Seed(ConfiguredRecords configured) => IntentReplica.Empty.Apply(Reconciliation.Plan(IntentReplica.Empty, "a", configured, 1));
}

using Meridian.Intents;
using Meridian.Intents.Records;
using Meridian.Specs;

namespace Meridian.Federation.IntentSources;

/// <summary>
/// Computes the records that the log still lacks from a region's configuration. No side effects. The log rules; configuration only seeds it:
/// <list type="bullet">
/// <item>If the log has no seed yet, everything is written: members, models, tenants.</item>
/// <item>Later a region writes only its own member, unless operators have removed the region. Its addresses may have changed, and a new region joins this
/// way.</item>
/// <item>A model is proposed once. If operators change or delete it later, the log keeps their decision.</item>
/// <item>A model on the command line is an order. A new order sets the model's specification and lets the newest installed version serve, whatever the log says.
/// The same order of a process that restarts, or of another region, changes nothing, unless the model is missing. Each region keeps its own orders, because the same
/// model may be in another folder there.</item>
/// <item>A model's record of an older build has no engine settings and no number of replicas, because configuration decided about them. They are taken over once.</item>
/// <item>Tenants are added if they are missing.</item>
/// </list>
/// </summary>
internal static class Reconciliation
{
    /// <param name="replica">The present state of the log.</param>
    /// <param name="self">The region that runs this.</param>
    /// <param name="configured">All members, models and tenants of its configuration.</param>
    /// <param name="nowUnixMs">Date of the seed, unix ms.</param>
    public static IReadOnlyList<IntentWrite> Plan(IntentReplica replica, string self, ConfiguredRecords configured, long nowUnixMs)
    {
        var writes = new List<IntentWrite>();
        var seed = replica.Find<InstallationRecord>(IntentKinds.Installation, IntentKinds.Seed);
        foreach (var (name, member) in configured.Members)
        {
            var key = new IntentKey(IntentKinds.Member, name);
            if (replica.EpochOf(new IntentKey(IntentKinds.Removed, name)) > 0)
                continue;
            if (name == self ? replica.Find<MemberRecord>(key.Kind, name) != member : seed is null && replica.EpochOf(key) == 0)
                writes.Add(new IntentWrite(key, IntentRecords.Bytes(member)));
        }

        foreach (var model in configured.Models)
            Add(writes, replica, seed, model);
        foreach (var (name, tenant) in configured.Tenants)
        {
            var key = new IntentKey(IntentKinds.Tenant, name);
            if (replica.EpochOf(key) == 0)
                writes.Add(new IntentWrite(key, IntentRecords.Bytes(tenant)));
        }

        if (Seed(seed, self, configured, nowUnixMs) is { } next)
            writes.Add(new IntentWrite(new IntentKey(IntentKinds.Installation, IntentKinds.Seed), IntentRecords.Bytes(next)));
        return writes;
    }

    private static void Add(List<IntentWrite> writes, IntentReplica replica, InstallationRecord? seed, ConfiguredModel configured)
    {
        var model = new IntentKey(IntentKinds.Model, configured.Name);
        var deployment = new IntentKey(IntentKinds.Deployment, configured.Name);
        if (replica.EpochOf(model) == 0)
        {
            if (configured.Order is null && seed?.Proposed?.Contains(configured.Name) == true)
                return;
            writes.Add(new IntentWrite(model, IntentRecords.Bytes(configured.Spec)));
            if (replica.EpochOf(deployment) == 0)
                writes.Add(new IntentWrite(deployment, IntentRecords.Bytes(configured.Deployment)));
            return;
        }

        // A record that this build cannot read is not overwritten.
        if (replica.Find<ModelSpec>(model.Kind, model.Name) is not { } spec)
            return;
        var ordered = configured.Order is { } order && !Array.Exists(seed?.Orders ?? [], old => OrderOf(old) == order);
        var nextSpec = ordered ? configured.Spec : spec.Engine is null ? spec with { Engine = configured.Spec.Engine } : spec;
        if (nextSpec != spec)
            writes.Add(new IntentWrite(model, IntentRecords.Bytes(nextSpec)));
        if (replica.Find<DeploymentSpec>(deployment.Kind, deployment.Name) is not { } deployed)
            return;
        var nextDeployed = deployed.Replicas is null
            ? deployed with { Replicas = configured.Deployment.Replicas, Version = deployed.Version ?? configured.Deployment.Version, Variant = deployed.Variant ?? configured.Deployment.Variant }
            : deployed;
        if (ordered && nextDeployed is not { Version: null, Variant: null, Weights: null })
            nextDeployed = nextDeployed with { Version = null, Variant = null, Weights = null };
        if (nextDeployed != deployed)
            writes.Add(new IntentWrite(deployment, IntentRecords.Bytes(nextDeployed)));
    }

    /// <summary>The order of an entry of <see cref="InstallationRecord.Orders"/>, without its region.</summary>
    private static string OrderOf(string entry) => entry.IndexOf('=', StringComparison.Ordinal) is var at and > 0 && entry.IndexOf('/', 0, at) is var slash and >= 0 ? entry[(slash + 1)..] : entry;

    /// <summary>The seed record after this plan, or null if it stays as it is.</summary>
    private static InstallationRecord? Seed(InstallationRecord? seed, string self, ConfiguredRecords configured, long nowUnixMs)
    {
        string[] proposed = [.. (seed?.Proposed ?? []).Union(configured.Models.Select(static m => m.Name)).Order(StringComparer.Ordinal)];
        var own = configured.Models.Where(static m => m.Order is not null).Select(m => (Former: $"{self}/{m.Name}=", Present: $"{self}/{m.Order}")).ToArray();
        string[] orders =
        [
            .. (seed?.Orders ?? []).Where(old => !Array.Exists(own, order => old.StartsWith(order.Former, StringComparison.Ordinal)))
                .Concat(own.Select(static order => order.Present)).Order(StringComparer.Ordinal),
        ];
        if (seed is not null && proposed.AsSpan().SequenceEqual(seed.Proposed ?? []) && orders.AsSpan().SequenceEqual(seed.Orders ?? []))
            return null;
        return (seed ?? new InstallationRecord { SeededBy = self, SeededUnixMs = nowUnixMs }) with { Proposed = proposed, Orders = orders };
    }
}

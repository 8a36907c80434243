using Meridian.Intents;
using Meridian.Intents.Options;
using Meridian.Intents.Records;

namespace Meridian.Federation.IntentSources;

/// <summary>
/// Computes the records that the log still lacks from a region's configuration. No side effects.
/// <list type="bullet">
/// <item>If the log has no seed yet, everything is written: members, models, tenants.</item>
/// <item>Later a region writes only its own member, unless operators have removed the region. Its addresses may have changed, and a new region joins this
/// way.</item>
/// <item>Models and tenants: see <see cref="ReconcileMode"/>.</item>
/// </list>
/// </summary>
internal static class Reconciliation
{
    /// <param name="replica">The present state of the log.</param>
    /// <param name="self">The region that runs this.</param>
    /// <param name="configured">All members, models and tenants of its configuration.</param>
    /// <param name="mode">How far configuration overrides the log.</param>
    /// <param name="nowUnixMs">Date of the seed, unix ms.</param>
    public static IReadOnlyList<IntentWrite> Plan(IntentReplica replica, string self, ConfiguredRecords configured, ReconcileMode mode, long nowUnixMs)
    {
        var writes = new List<IntentWrite>();
        var seed = new IntentKey(IntentKinds.Installation, IntentKinds.Seed);
        var seeded = replica.EpochOf(seed) > 0;
        foreach (var (name, member) in configured.Members)
        {
            var key = new IntentKey(IntentKinds.Member, name);
            if (replica.EpochOf(new IntentKey(IntentKinds.Removed, name)) > 0)
                continue;
            if (name == self ? replica.Find<MemberRecord>(key.Kind, name) != member : !seeded && replica.EpochOf(key) == 0)
                writes.Add(new IntentWrite(key, IntentRecords.Bytes(member)));
        }

        foreach (var (name, model, deployment, policy) in configured.Models)
        {
            Put(new IntentKey(IntentKinds.Model, name), IntentRecords.Bytes(model));
            Put(new IntentKey(IntentKinds.Deployment, name), IntentRecords.Bytes(deployment));
            if (policy is not null)
                Put(new IntentKey(IntentKinds.Policy, name), IntentRecords.Bytes(policy));
        }

        foreach (var (name, tenant) in configured.Tenants)
            Put(new IntentKey(IntentKinds.Tenant, name), IntentRecords.Bytes(tenant));
        if (mode == ReconcileMode.Exact)
            Prune();
        if (!seeded)
            writes.Add(new IntentWrite(seed, IntentRecords.Bytes(new InstallationRecord { SeededBy = self, SeededUnixMs = nowUnixMs })));
        return writes;

        void Put(IntentKey key, byte[] value)
        {
            var exists = replica.Records.TryGetValue(key, out var record);
            if (!exists || (mode == ReconcileMode.Exact && !record!.Value.AsSpan().SequenceEqual(value)))
                writes.Add(new IntentWrite(key, value));
        }

        void Prune()
        {
            var models = configured.Models.Select(m => m.Name).ToHashSet(StringComparer.Ordinal);
            var tenants = configured.Tenants.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
            foreach (var key in replica.Records.Keys)
            {
                if ((key.Kind is IntentKinds.Model or IntentKinds.Deployment && !models.Contains(key.Name)) || (key.Kind == IntentKinds.Tenant && !tenants.Contains(key.Name)))
                    writes.Add(new IntentWrite(key, null));
            }
        }
    }
}

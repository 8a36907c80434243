using Meridian.Intents;
using Meridian.Intents.Options;
using Meridian.Intents.Records;

namespace Meridian.Federation.IntentSources;

/// <summary>
/// What a region's configuration still has to tell the log. Pure.
/// <list type="bullet">
/// <item>A log without a seed takes everything: members, models, tenants.</item>
/// <item>Later a region writes its own member alone (its addresses may have changed; a new region joins by it), unless operators have removed it.</item>
/// <item>Models and tenants: see <see cref="ReconcileMode"/>.</item>
/// </list>
/// </summary>
internal static class Reconciliation
{
    /// <param name="replica">The log as it stands.</param>
    /// <param name="self">The region.</param>
    /// <param name="configured">What it is configured with: all members, models, tenants.</param>
    /// <param name="mode">How far configuration goes.</param>
    /// <param name="nowUnixMs">For the seed's date.</param>
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

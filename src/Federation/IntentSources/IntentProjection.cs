using Meridian.Intents;
using Meridian.Intents.Records;
using Meridian.Routing.Snapshots;
using Meridian.Specs;

namespace Meridian.Federation.IntentSources;

/// <summary>Turns the log's records into the intent that edges use. No side effects: the same records give the same intent in every region.</summary>
internal static class IntentProjection
{
    /// <summary>Greater than every epoch in configuration, so that the log overrules configuration.</summary>
    public const long FirstEpoch = 1L << 40;

    /// <param name="replica">A copy with at least one change made.</param>
    /// <param name="unreadable">Records that are left out, because they are broken or come from a later build.</param>
    public static Intent Project(IntentReplica replica, out IReadOnlyList<IntentKey> unreadable)
    {
        var left = new List<IntentKey>();
        var regions = new List<RegionMember>();
        var models = new List<ModelDeclaration>();
        var tenants = new List<TenantDeclaration>();
        var general = replica.Find<PolicyRecord>(IntentKinds.Policy, RecordRules.DefaultPolicy);
        foreach (var (key, record) in replica.Records)
        {
            switch (key.Kind)
            {
                case IntentKinds.Member when IntentRecords.TryRead<MemberRecord>(record.Value, out var member) && Region(key.Name, member) is { } region:
                    if (!member.Witness)
                        regions.Add(region);
                    break;
                case IntentKinds.Model when IntentRecords.TryRead<ModelSpec>(record.Value, out var model) && model.Kind is not null:
                    models.Add(Model(replica, key.Name, model, general));
                    break;
                case IntentKinds.Tenant when IntentRecords.TryRead<TenantRecord>(record.Value, out var tenant):
                    tenants.Add(new TenantDeclaration { Name = key.Name, Residency = tenant.Residency });
                    break;
                case IntentKinds.Member or IntentKinds.Model:
                    left.Add(key);
                    break;
                case IntentKinds.Tenant:
                    // An unreadable restriction must not free the tenant's data: no jurisdiction is permitted.
                    left.Add(key);
                    tenants.Add(new TenantDeclaration { Name = key.Name, Residency = [] });
                    break;
            }
        }

        unreadable = left;
        return new Intent { Epoch = FirstEpoch + replica.Revision, Regions = [.. regions], Models = [.. models], Tenants = [.. tenants] };
    }

    private static RegionMember? Region(string name, MemberRecord member) =>
        member.Jurisdiction is not null && RecordRules.IsAddress(member.Protocol)
            ? new RegionMember
            {
                Name = name,
                Jurisdiction = member.Jurisdiction,
                Protocol = new Uri(member.Protocol),
                Facade = RecordRules.IsAddress(member.Facade) ? new Uri(member.Facade!) : null,
                Location = member.Location,
                Country = member.Country,
                PricePerHour = double.IsFinite(member.PricePerHour) ? member.PricePerHour : 0,
            }
            : null;

    private static ModelDeclaration Model(IntentReplica replica, string name, ModelSpec model, PolicyRecord? general)
    {
        var deployment = replica.Find<DeploymentSpec>(IntentKinds.Deployment, name);
        var policy = replica.Find<PolicyRecord>(IntentKinds.Policy, name);
        var declared = ModelDeclaration.Of(name, model, deployment);
        return declared with
        {
            Routing = declared.Routing ?? policy?.Routing ?? general?.Routing,
            HedgeAfterMs = declared.HedgeAfterMs ?? policy?.HedgeAfterMs ?? general?.HedgeAfterMs,
        };
    }
}

using Meridian.Federation.Configuration;
using Meridian.Intents.Options;
using Meridian.Intents.Records;

namespace Meridian.Federation.IntentSources;

/// <summary>The configuration as records of the intent log.</summary>
internal sealed record ConfiguredRecords
{
    public required IReadOnlyList<(string Name, MemberRecord Member)> Members { get; init; }

    public required IReadOnlyList<(string Name, ModelRecord Model, DeploymentRecord Deployment, PolicyRecord? Policy)> Models { get; init; }

    public required IReadOnlyList<(string Name, TenantRecord Tenant)> Tenants { get; init; }

    /// <param name="options">Source of regions, models and tenants.</param>
    /// <param name="log">Source of the voters: the consensus address of each region, and the witnesses.</param>
    public static ConfiguredRecords From(FederationOptions options, IntentLogOptions log)
    {
        var members = new List<(string, MemberRecord)>();
        foreach (var region in options.Regions)
        {
            members.Add((region.Name!, new MemberRecord
            {
                Jurisdiction = region.Jurisdiction ?? "",
                Protocol = region.Protocol,
                Facade = region.Facade,
                Location = region.Location,
                Country = region.Country,
                PricePerHour = region.PricePerHour,
                Consensus = log.Voters.Find(v => v.Name == region.Name)?.Consensus,
            }));
        }

        foreach (var voter in log.Voters)
        {
            if (voter.Witness)
                members.Add((voter.Name, new MemberRecord { Jurisdiction = "", Protocol = voter.Protocol, Consensus = voter.Consensus, Witness = true }));
        }

        return new ConfiguredRecords { Members = members, Models = [.. options.Models.Select(Model)], Tenants = [.. options.Tenants.Select(t => (t.Name, new TenantRecord { Residency = [.. t.Residency] }))] };
    }

    private static (string, ModelRecord, DeploymentRecord, PolicyRecord?) Model(ModelDeclarationOptions model) =>
        (
            model.Name,
            new ModelRecord { Kind = model.Kind, OwnedBy = model.OwnedBy, Created = model.Created },
            new DeploymentRecord { Regions = [.. model.Regions] },
            model is { Routing: null, HedgeAfterMs: null } ? null : new PolicyRecord { Routing = model.Routing, HedgeAfterMs = model.HedgeAfterMs });
}

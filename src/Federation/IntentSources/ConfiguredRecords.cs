using Meridian.Federation.Configuration;
using Meridian.Intents.Options;
using Meridian.Intents.Records;
using Meridian.Specs;

namespace Meridian.Federation.IntentSources;

/// <summary>The configuration as records of the intent log.</summary>
internal sealed record ConfiguredRecords
{
    public required IReadOnlyList<(string Name, MemberRecord Member)> Members { get; init; }

    public required IReadOnlyList<ConfiguredModel> Models { get; init; }

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

        return new ConfiguredRecords { Members = members, Models = [.. options.Models.Select(static m => new ConfiguredModel(m.Name, m.ToSpec(), m.ToDeployment(), m.Order))], Tenants = [.. options.Tenants.Select(t => (t.Name, new TenantRecord { Residency = [.. t.Residency] }))] };
    }
}

/// <summary>A model of the configuration.</summary>
/// <param name="Order">If the command line names the model, the order as <c>name=folder</c>; otherwise null.</param>
internal sealed record ConfiguredModel(string Name, ModelSpec Spec, DeploymentSpec Deployment, string? Order = null);

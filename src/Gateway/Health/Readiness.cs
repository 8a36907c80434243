using System.Globalization;
using Meridian.Federation.Directory;
using Meridian.Messages;

namespace Meridian.Gateway.Health;

/// <summary>
/// Whether an edge can serve anything, judged from its own snapshot: a front door needs one region that it hears and that has a ready replica,
/// a region's facade needs that of its own region (a peer's readiness is the peer's to announce).
/// </summary>
/// <param name="Regions">Regions that are ready.</param>
/// <param name="Missing">What each region that was looked at lacks; empty where one is ready.</param>
internal sealed record Readiness(string[] Regions, string[] Missing)
{
    public bool Ready => Regions.Length > 0;

    /// <param name="snapshot">The edge's snapshot: what routing decides by. Anything newer would call an edge ready that still refuses.</param>
    public static Readiness Of(DirectorySnapshot snapshot)
    {
        List<string> ready = [];
        List<string> missing = [];
        foreach (var member in snapshot.Intent.Regions)
        {
            if (snapshot.OwnRegion is { } own && own != member.Name)
            {
                continue;
            }

            var view = snapshot.Views.GetValueOrDefault(member.Name);
            var health = view?.Health ?? RegionHealth.Unknown;
            var models = view?.Models ?? [];
            if (health is RegionHealth.Unknown or RegionHealth.Dead)
            {
                missing.Add($"region {member.Name}: {(health == RegionHealth.Dead ? "lost" : "not heard of yet")}");
            }
            else if (models.Any(model => model.ReadyReplicas > 0))
            {
                ready.Add(member.Name);
            }
            else if (models.Length == 0)
            {
                missing.Add($"region {member.Name}: no model reported yet");
            }
            else
            {
                missing.AddRange(models.Select(model => Lack(member.Name, model)));
            }
        }

        if (ready.Count == 0 && missing.Count == 0)
        {
            missing.Add(snapshot.OwnRegion is { } name ? $"region {name}: not a member" : "no region is a member");
        }

        return new Readiness([.. ready], ready.Count > 0 ? [] : [.. missing]);
    }

    private static string Lack(string region, ModelStatus model) => string.Create(
        CultureInfo.InvariantCulture,
        $"region {region}: model {model.Model} has {model.ReadyReplicas} of {model.DesiredReplicas} replicas ready{(model.Problem is null ? "" : ": " + model.Problem)}");
}

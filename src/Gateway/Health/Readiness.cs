using System.Globalization;
using Meridian.Messages;
using Meridian.Routing.Snapshots;

namespace Meridian.Gateway.Health;

/// <summary>
/// Tells whether an edge can serve, based only on its own snapshot. A region's facade looks at its own region (each peer announces its own readiness). A
/// front door looks at all regions that it hears.
/// <para>
/// The edge becomes ready when every deployed model has a ready replica, or a reason why it has none. At a front door one region is enough for each model.
/// From then on the edge stops being ready only when no replica of any model is ready, or when the region drains. A model that is unloaded or deployed later
/// must not take the edge away from its callers.
/// </para>
/// </summary>
/// <param name="Regions">Regions that are ready; empty if the edge is not ready.</param>
/// <param name="Missing">What is missing; empty if the edge is ready.</param>
internal sealed record Readiness(string[] Regions, string[] Missing)
{
    public bool Ready => Regions.Length > 0;

    /// <param name="snapshot">The edge's snapshot, on which routing decides. With newer data an edge could be called ready that still refuses requests.</param>
    /// <param name="reached">Whether the edge was ready before.</param>
    public static Readiness Of(DirectorySnapshot snapshot, bool reached)
    {
        List<RegionView> serving = [];
        List<RegionView> heard = [];
        List<string> missing = [];
        foreach (var member in snapshot.Intent.Regions)
        {
            if (snapshot.OwnRegion is null || snapshot.OwnRegion == member.Name)
            {
                Look(member.Name, snapshot.Views.GetValueOrDefault(member.Name), own: snapshot.OwnRegion is not null, serving, heard, missing);
            }
        }

        // A draining region serves if no other region can: a front door that has only draining regions is still ready.
        var open = serving.FindAll(static view => !view.Draining);
        var ready = (open.Count > 0 ? open : serving).ConvertAll(static view => view.Name);
        if (ready.Count == 0)
        {
            if (missing.Count == 0)
            {
                missing.Add(snapshot.OwnRegion is { } name ? $"region {name}: not a member" : "no region is a member");
            }

            return new Readiness([], [.. missing]);
        }

        string[] loading = reached ? [] : [.. heard.SelectMany(view => view.Models.Where(model => !HasAny(heard, model.Model)).Select(model => Lack(view.Name, model)))];
        return loading.Length > 0 ? new Readiness([], loading) : new Readiness([.. ready], []);
    }

    private static void Look(string name, RegionView? view, bool own, List<RegionView> serving, List<RegionView> heard, List<string> missing)
    {
        if (view is null or { Health: RegionHealth.Unknown or RegionHealth.Dead })
        {
            missing.Add($"region {name}: {(view is { Health: RegionHealth.Dead, Incarnation: > 0 } ? "lost" : "not heard of yet")}");
            return;
        }

        heard.Add(view);
        if (own && view.Draining)
        {
            missing.Add($"region {name}: drains, it takes nothing new");
        }
        else if (Array.Exists(view.Models, static model => model.ReadyReplicas > 0))
        {
            serving.Add(view);
        }
        else if (view.Models.Length == 0)
        {
            missing.Add($"region {name}: no model reported yet");
        }
        else
        {
            missing.AddRange(view.Models.Select(model => Lack(name, model)));
        }
    }

    /// <summary>
    /// Whether a model has a ready replica in one of the regions, or whether there is nothing to wait for: none is desired, or a problem prevents it.
    /// </summary>
    private static bool HasAny(List<RegionView> regions, string model) => regions.Exists(
        region => Array.Exists(region.Models, status => status.Model == model && (status.ReadyReplicas > 0 || status.DesiredReplicas == 0 || status.Problem is not null)));

    private static string Lack(string region, ModelStatus model) => string.Create(
        CultureInfo.InvariantCulture,
        $"region {region}: model {model.Model} has {model.ReadyReplicas} of {model.DesiredReplicas} replicas ready{(model.Problem is null ? "" : ": " + model.Problem)}");
}

using System.Runtime.CompilerServices;
using Meridian.Messages;

namespace Meridian.Routing.Tables;

/// <summary>
/// The positions of each model of the intent in a region's report. All snapshots share one report until the region's next heartbeat. So the report is
/// searched once, and not again for every snapshot and model.
/// </summary>
internal sealed class StatusIndex
{
    private static readonly ConditionalWeakTable<ModelStatus[], StatusIndex> Known = [];

    private readonly IntentIndex _intent;

    // Positions plus one, so that the 0 of a new array means "none".
    private readonly int[] _first;
    private readonly int[] _next;

    private StatusIndex(ModelStatus[] report, IntentIndex intent)
    {
        _intent = intent;
        _first = new int[intent.Intent.Models.Length];
        _next = new int[report.Length];

        // Backwards, so that the statuses of a model keep the order of the report.
        for (var i = report.Length - 1; i >= 0; i--)
        {
            if (report[i]?.Model is not { } name || !intent.Models.TryGetValue(name, out var model))
                continue;
            _next[i] = _first[model];
            _first[model] = i + 1;
        }
    }

    public static StatusIndex Of(ModelStatus[] report, IntentIndex intent)
    {
        if (Known.TryGetValue(report, out var known) && ReferenceEquals(known._intent, intent))
            return known;
        var made = new StatusIndex(report, intent);
        Known.AddOrUpdate(report, made);
        return made;
    }

    /// <summary>Position of the model's first status in the report, or -1.</summary>
    public int First(int model) => _first[model] - 1;

    /// <summary>Position of the same model's next status, or -1.</summary>
    public int Next(int position) => _next[position] - 1;
}

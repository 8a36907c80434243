using System.ComponentModel;
using System.Globalization;
using System.Text.Json.Serialization;
using Meridian.Grains.Draining;

namespace Meridian.Gateway.Admin.Draining;

[Description("One drain and how far it is.")]
internal sealed record DrainEntry
{
    [JsonPropertyName("scope"), Description("'region', 'silo' or 'replica'.")]
    public required string Scope { get; init; }

    [JsonPropertyName("silo"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Silo { get; init; }

    [JsonPropertyName("model"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Model { get; init; }

    [JsonPropertyName("replica"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Replica { get; init; }

    [JsonPropertyName("state"), Description("'draining', or 'empty' when nothing runs there any more.")]
    public required string State { get; init; }

    [JsonPropertyName("since")]
    public required DateTimeOffset Since { get; init; }

    [JsonPropertyName("deadline"), Description("When streams that still run are handed over.")]
    public required DateTimeOffset Deadline { get; init; }

    [JsonPropertyName("by"), Description("Who asked; 'process' for one that stops.")]
    public required string By { get; init; }

    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    [JsonPropertyName("sticky")]
    public required bool Sticky { get; init; }

    [JsonPropertyName("running")]
    public required WorkReport Running { get; init; }

    [JsonPropertyName("unheard"), Description("Silos that have not said what they do since the drain began.")]
    public required int Unheard { get; init; }

    public static DrainEntry Of(DrainReport report) => new()
    {
        Scope = ScopeName(report.Target.Scope),
        Silo = report.Target.Silo is { } silo ? ShortSilo(silo) : null,
        Model = report.Target.Model,
        Replica = report.Target.Scope == DrainScope.Replica ? report.Target.Replica : null,
        State = StateName(report.State),
        Since = report.Since,
        Deadline = report.Deadline,
        By = report.By,
        Reason = report.Reason,
        Sticky = report.Sticky,
        Running = WorkReport.Of(report.Work),
        Unheard = report.Unheard,
    };

    public static string StateName(DrainState state) => state switch { DrainState.Empty => "empty", DrainState.Draining => "draining", _ => "open" };

    /// <summary>Without the number of its start, as an operator writes it.</summary>
    public static string ShortSilo(string silo) => silo.Split('@')[0];

    private static string ScopeName(DrainScope scope) =>
        scope switch { DrainScope.Region => "region", DrainScope.Silo => "silo", DrainScope.Replica => "replica", _ => ((int)scope).ToString(CultureInfo.InvariantCulture) };
}

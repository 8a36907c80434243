using System.Text.Json;

namespace Meridian.Cluster.Tests.Harness;

/// <summary>One region as <c>GET /admin/api/regions</c> of an edge shows it.</summary>
public sealed record RegionReport(string Name, string Jurisdiction, string Status, double? RoundTripMs, double? ClockOffMs, int InFlight, ModelReport[] Models)
{
    public ModelReport? Model(string name) => Models.FirstOrDefault(m => m.Name == name);

    public bool Serves(string model) =>
        string.Equals(Status, "alive", StringComparison.OrdinalIgnoreCase) && Model(model) is { Ready: > 0 };

    public static RegionReport[] Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return
        [
            .. document.RootElement.GetProperty("regions").EnumerateArray().Select(region => new RegionReport(
                region.GetProperty("name").GetString()!,
                region.GetProperty("jurisdiction").GetString()!,
                region.GetProperty("status").GetString()!,
                Number(region, "round_trip_ms"),
                Number(region, "clock_off_ms"),
                region.GetProperty("in_flight").GetInt32(),
                [
                    .. region.GetProperty("models").EnumerateArray().Select(model => new ModelReport(
                        model.GetProperty("model").GetString()!,
                        model.GetProperty("version").GetString(),
                        model.GetProperty("replicas").GetProperty("desired").GetInt32(),
                        model.GetProperty("replicas").GetProperty("ready").GetInt32(),
                        model.GetProperty("queued").GetInt32(),
                        model.TryGetProperty("problem", out var problem) ? problem.GetString() : null)),
                ])),
        ];
    }

    private static double? Number(JsonElement region, string name) => region.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
}

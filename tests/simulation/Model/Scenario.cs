using System.Text.Json;
using System.Text.Json.Serialization;

namespace Meridian.Simulation.Model;

/// <summary>A workload and the installation it meets. Read from JSON; with its seed it is the whole trace: the same file gives the same arrivals, lengths and faults on every machine.</summary>
internal sealed record Scenario
{
    public const string Generation = "generation";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        Converters = { new JsonStringEnumConverter() },
    };

    public required string Name { get; init; }

    public required string Description { get; init; }

    public int Seed { get; init; } = 1;

    /// <value>Virtual time that arrivals go on for, minutes.</value>
    public double Minutes { get; init; } = 20;

    /// <value>Virtual minutes that a day takes: the load of 24 hours in less.</value>
    public double DayMinutes { get; init; } = 20;

    /// <value>Time between two beats of a region, ms.</value>
    public double BeatMs { get; init; } = 200;

    /// <value>Names out of <see cref="Geography"/>; or null for the first <see cref="RegionCount"/> of it.</value>
    public string[]? Regions { get; init; }

    public int RegionCount { get; init; } = 3;

    /// <value>Of all models: <c>generation</c>, or <c>embedding</c>, whose items are computed one after another and have no pace.</value>
    public string Kind { get; init; } = Generation;

    public int Models { get; init; } = 1;

    /// <value>Exponent of the models' popularity (Zipf): 0 is uniform.</value>
    public double Zipf { get; init; } = 1;

    /// <value>Share of the regions that a model is deployed to; the most popular is everywhere.</value>
    public double Deployed { get; init; } = 1;

    /// <value>Replicas of a model in each of its regions.</value>
    public int Replicas { get; init; } = 2;

    /// <value>Requests a second, all regions and the whole day together, on average.</value>
    public double RequestsPerSecond { get; init; } = 10;

    /// <value>Swing of a region's load over its day: 0 is flat, 1 goes from nothing to twice the mean. The peak is at 15:00 local time.</value>
    public double Diurnal { get; init; } = 0.8;

    /// <value>Median and spread (sigma of the logarithm) of a first prompt's tokens.</value>
    public double[] Prompt { get; init; } = [200, 0.8];

    /// <value>The same of an answer's tokens.</value>
    public double[] Output { get; init; } = [150, 0.7];

    /// <value>Mean turns of a conversation; each turn's prompt begins with all before it.</value>
    public double Turns { get; init; } = 1;

    /// <value>Mean pause between an answer and the next turn, s.</value>
    public double ThinkSeconds { get; init; } = 10;

    /// <value>Share of requests that can wait (<c>service_tier: flex</c>).</value>
    public double Flex { get; init; }

    public EngineModel Engine { get; init; } = new();

    public Outage[] Outages { get; init; } = [];

    public Surge[] Surges { get; init; } = [];

    public SpotMarket? Spot { get; init; }

    /// <exception cref="InvalidDataException">The file is not a scenario; the message says why.</exception>
    public static Scenario Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<Scenario>(File.ReadAllText(path), Json) ?? throw new InvalidDataException($"{path}: is null.");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{path}: {exception.Message}", exception);
        }
    }
}

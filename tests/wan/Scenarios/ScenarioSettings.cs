using Meridian.Benchmarks;

namespace Meridian.Wan.Scenarios;

/// <summary>How long a scenario runs and how much is asked meanwhile.</summary>
internal sealed record ScenarioSettings
{
    /// <value>Seconds of load before the fault.</value>
    public double Before { get; init; }

    /// <value>Seconds of the fault.</value>
    public double During { get; init; }

    /// <value>Seconds of load after it.</value>
    public double After { get; init; }

    /// <value>Embedding requests a second at each of the caller sites.</value>
    public double Embeddings { get; init; }

    /// <value>Streams begun a second at each of the caller sites.</value>
    public double Streams { get; init; }

    /// <value>Tokens of each stream.</value>
    public int Tokens { get; init; }

    /// <value>Requests restricted to a jurisdiction whose string is looked for on the wires.</value>
    public int Restricted { get; init; }

    /// <value>Folder of the JSON files.</value>
    public required string Out { get; init; }

    public static ScenarioSettings Of(Arguments arguments) => new()
    {
        Before = arguments.Number("before", 8),
        During = arguments.Number("during", 12),
        After = arguments.Number("after", 10),
        Embeddings = arguments.Number("embeddings", 4),
        Streams = arguments.Number("streams", 0.25),
        Tokens = arguments.Count("tokens", 300),
        Restricted = arguments.Count("restricted", 40),
        Out = arguments.Text("out", "wan-results"),
    };
}

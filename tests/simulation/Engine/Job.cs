namespace Meridian.Simulation.Engine;

/// <summary>A request on its way.</summary>
internal sealed class Job
{
    public required int Model { get; init; }

    /// <value>Where it entered.</value>
    public required int Edge { get; init; }

    public required ulong Conversation { get; init; }

    public required int PromptTokens { get; init; }

    public required int OutputTokens { get; init; }

    public required bool Flex { get; init; }

    public required double ArrivedMs { get; init; }

    /// <value>Where it is counted.</value>
    public required Outcome Outcome { get; init; }

    /// <value>Since when no region is left to ask, ms.</value>
    public double WaitingSinceMs { get; set; } = double.NaN;

    /// <value>Tokens that came before the region that made them was lost.</value>
    public int Received { get; set; }

    public double FirstTokenMs { get; set; } = double.NaN;

    /// <value>Rises with every attempt: what an earlier one still brings is ignored.</value>
    public int Attempt { get; set; }

    /// <value>Regions asked altogether.</value>
    public int Tries { get; set; }

    public List<string> Tried { get; } = [];

    public int Moves { get; set; }

    public int Region { get; set; } = -1;

    public IDisposable? Entry { get; set; }

    /// <value>Of the attempt that runs: when its first token left, and how long each takes, ms.</value>
    public double StartedMs { get; set; } = double.NaN;

    public double StepMs { get; set; }

    public int Cached { get; set; }
}

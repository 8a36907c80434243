using Meridian.Inference.Sessions;

namespace Meridian.Inference.Engines;

/// <summary>Validates engine options. A host's own validator can call it before any model is loaded.</summary>
public static class EngineOptionsRules
{
    /// <summary>Returns a message for every mistake, with option, value and rule. Empty if the options are valid.</summary>
    public static IReadOnlyList<string> Check(EngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var mistakes = new List<string>();
        if (!DeviceName.TryParse(options.Device, out _))
            mistakes.Add($"Device '{options.Device}' is none; give cpu:0 or cuda:N.");
        Range("IntraOpThreads", options.IntraOpThreads, 1, 1024);
        Range("Workers", options.Workers, 1, 256);
        Range("MaxBatch", options.MaxBatch, 1, 65_536);
        if (options.MaxBatchTokens is { } tokens)
            Range("MaxBatchTokens", tokens, 1, 1 << 20);
        Range("QueueCapacity", options.QueueCapacity, 1, 1 << 20);
        Range("MaxSequences", options.MaxSequences, 1, 4096);
        Range("PrefillChunk", options.PrefillChunk, 1, 1 << 20);
        Range("RingTokens", options.RingTokens, 1, 1 << 20);
        if (options.KvCacheBytes is <= 0)
            mistakes.Add($"KvCacheBytes {options.KvCacheBytes} is out of range; at least 1, or leave it out for a share of the device.");
        if (options.MaxWait < TimeSpan.Zero || options.MaxWait > TimeSpan.FromHours(1))
            mistakes.Add($"MaxWait {options.MaxWait} is out of range; zero to one hour.");
        if (options.ExactReplay < TimeSpan.Zero || options.ExactReplay > TimeSpan.FromHours(1))
            mistakes.Add($"ExactReplay {options.ExactReplay} is out of range; zero to one hour.");
        return mistakes;

        void Range(string option, int value, int least, int most)
        {
            if (value < least || value > most)
                mistakes.Add($"{option} {value} is out of range; {least} to {most}.");
        }
    }
}

using Meridian.Inference.Decoders.Contract;
using Microsoft.ML.OnnxRuntime;

namespace Meridian.Inference.Tests.Decoders;

/// <summary>A graph of layout <see cref="KvLayout.Concatenated"/> run in the plainest way: one row, no padding, every tensor made for the run.</summary>
internal sealed class PlainModel : IDisposable
{
    private readonly InferenceSession _session;
    private readonly DecoderConfig _config;

    public PlainModel(string graph, DecoderConfig config)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        _session = new InferenceSession(graph, options);
        _config = config;
    }

    /// <summary>Logits after the last of some ids, computed from all of them at once.</summary>
    public float[] Logits(IReadOnlyList<int> ids)
    {
        var inputs = new Dictionary<string, OrtValue>
        {
            ["input_ids"] = OrtValue.CreateTensorValueFromMemory(ids.Select(i => (long)i).ToArray(), [1, ids.Count]),
            ["attention_mask"] = OrtValue.CreateTensorValueFromMemory(Enumerable.Repeat(1L, ids.Count).ToArray(), [1, ids.Count]),
            ["position_ids"] = OrtValue.CreateTensorValueFromMemory(Enumerable.Range(0, ids.Count).Select(i => (long)i).ToArray(), [1, ids.Count]),
        };
        foreach (var name in _session.InputNames.Where(n => n.StartsWith("past", StringComparison.Ordinal)))
            inputs[name] = OrtValue.CreateTensorValueFromMemory(Array.Empty<float>(), [1, _config.KvHeads, 0, _config.HeadDimension]);
        using var run = new RunOptions();
        try
        {
            using var results = _session.Run(run, inputs, ["logits"]);
            return results[0].GetTensorDataAsSpan<float>()[^_config.Vocabulary..].ToArray();
        }
        finally
        {
            foreach (var input in inputs.Values)
                input.Dispose();
        }
    }

    public void Dispose() => _session.Dispose();
}

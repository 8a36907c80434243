using Meridian.Inference.Decoders.Contract;
using Microsoft.ML.OnnxRuntime;

namespace Meridian.ModelTools.Tests.Harness;

/// <summary>One sequence through a graph with ONNX Runtime and nothing else: the cache is copied at every call.</summary>
internal sealed class RawDecoder : IDisposable
{
    private readonly InferenceSession _session;
    private readonly KvLayout _layout;
    private readonly RunOptions _run = new();
    private readonly Dictionary<string, OrtValue> _past = new(StringComparer.Ordinal);

    public RawDecoder(string directory, KvLayout layout)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        _session = new InferenceSession(Path.Combine(directory, "onnx", "model.onnx"), options);
        _layout = layout;
        Clear();
    }

    public InferenceSession Session => _session;

    public int Length { get; private set; }

    /// <summary>Begins another sequence.</summary>
    public void Clear()
    {
        Length = 0;
        foreach (var (name, input) in _session.InputMetadata)
        {
            if (!name.StartsWith("past", StringComparison.Ordinal))
                continue;
            var shape = input.Dimensions.Select(d => (long)d).ToArray();
            var batch = shape.Length - 4;
            (shape[batch], shape[batch + 2]) = (1, 0);
            _past[name] = input.ElementType == typeof(Float16) ? OrtValue.CreateTensorValueFromMemory(Array.Empty<Float16>(), shape) : OrtValue.CreateTensorValueFromMemory(Array.Empty<float>(), shape);
        }
    }

    /// <summary>Appends ids.</summary>
    /// <param name="ids">At least one.</param>
    /// <param name="keep">How many of the last positions are wanted, or null to leave that to the graph.</param>
    /// <returns>Logits of the positions.</returns>
    public float[][] Append(IReadOnlyList<int> ids, int? keep = null)
    {
        var inputs = new Dictionary<string, OrtValue>(_past, StringComparer.Ordinal)
        {
            ["input_ids"] = OrtValue.CreateTensorValueFromMemory(ids.Select(id => (long)id).ToArray(), [1, ids.Count]),
            ["attention_mask"] = OrtValue.CreateTensorValueFromMemory(Enumerable.Repeat(1L, Length + ids.Count).ToArray(), [1, Length + ids.Count]),
        };
        if (_layout != KvLayout.Shared)
            inputs["position_ids"] = OrtValue.CreateTensorValueFromMemory(Enumerable.Range(Length, ids.Count).Select(i => (long)i).ToArray(), [1, ids.Count]);
        if (keep is { } count)
            inputs["num_logits_to_keep"] = OrtValue.CreateTensorValueFromMemory(new long[] { count }, []);
        using var results = _session.Run(_run, inputs, _session.OutputNames);
        foreach (var value in inputs.Values)
            value.Dispose();
        float[][] logits = [];
        for (var i = 0; i < _session.OutputNames.Count; i++)
        {
            var name = _session.OutputNames[i];
            var shape = results[i].GetTensorTypeAndShape();
            if (name == "logits")
                logits = [.. results[i].GetTensorDataAsSpan<float>().ToArray().Chunk((int)shape.Shape[^1])];
            else
                _past[name.Replace("present.", "past_key_values.", StringComparison.Ordinal).Replace("present_", "past_", StringComparison.Ordinal)] = Copy(results[i], shape);
        }

        Length += ids.Count;
        return logits;
    }

    public int[] Greedy(IReadOnlyList<int> prompt, int count)
    {
        var generated = new List<int>();
        for (var logits = Append(prompt); ; logits = Append([generated[^1]]))
        {
            generated.Add(logits[^1].IndexOf(logits[^1].Max()));
            if (generated.Count == count)
                return [.. generated];
        }
    }

    public void Dispose()
    {
        foreach (var value in _past.Values)
            value.Dispose();
        _run.Dispose();
        _session.Dispose();
    }

    private static OrtValue Copy(OrtValue value, OrtTensorTypeAndShapeInfo shape) => shape.ElementDataType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float16
        ? OrtValue.CreateTensorValueFromMemory(value.GetTensorDataAsSpan<Float16>().ToArray(), shape.Shape)
        : OrtValue.CreateTensorValueFromMemory(value.GetTensorDataAsSpan<float>().ToArray(), shape.Shape);
}

using System.Diagnostics;
using System.Numerics.Tensors;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Packages;
using Microsoft.ML.OnnxRuntime;

namespace Meridian.Benchmarks.Generation;

/// <summary>
/// What one writes who has a fixed batch of prompts of one length and wants all of them continued by one length: a graph with a shared cache, bound once, one run for the
/// prompts, one run a token, the best token of each row. No server, no joining, no leaving.
/// </summary>
public sealed class RawLoop : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly DecoderShape _shape;
    private readonly int _batch;
    private readonly int _capacity;
    private readonly float[][] _cache;
    private readonly OrtValue[] _tensors;
    private readonly float[] _logits;
    private readonly bool _positions;

    public RawLoop(ModelPackage package, DecoderShape shape, int batch, int capacity, int threads)
    {
        _shape = shape;
        _batch = batch;
        _capacity = capacity;
        using var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            EnableMemoryPattern = false,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        _session = new InferenceSession(Path.Combine(package.Directory, package.Manifest.Graph), options);
        _positions = _session.InputMetadata.ContainsKey("position_ids");
        long[] cacheShape = [batch, shape.KvHeads, capacity, shape.HeadDimension];
        _cache = [.. Enumerable.Range(0, shape.Layers * 2).Select(_ => new float[batch * shape.KvHeads * capacity * shape.HeadDimension])];
        _tensors = [.. _cache.Select(memory => OrtValue.CreateTensorValueFromMemory(memory, cacheShape))];
        _logits = new float[batch * shape.Vocabulary];
    }

    /// <value>Seconds that the prompts took in the last run.</value>
    public double PromptSeconds { get; private set; }

    /// <summary>Continues every prompt greedily.</summary>
    /// <param name="prompts">As many as the batch, all of one length.</param>
    /// <param name="tokens">Tokens to generate for each.</param>
    public int[][] Run(int[][] prompts, int tokens)
    {
        var length = prompts[0].Length;
        var generated = prompts.Select(_ => new int[tokens]).ToArray();
        var started = Stopwatch.GetTimestamp();
        var next = Prompts(prompts, length);
        PromptSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        for (var t = 0; ; t++)
        {
            for (var row = 0; row < _batch; row++)
            {
                generated[row][t] = next[row];
            }

            if (t == tokens - 1)
            {
                return generated;
            }

            Decode(next, length + t);
        }
    }

    public void Dispose()
    {
        foreach (var tensor in _tensors)
        {
            tensor.Dispose();
        }

        _run.Dispose();
        _session.Dispose();
    }

    private int[] Prompts(int[][] prompts, int length)
    {
        var ids = new long[_batch * length];
        var positions = new long[ids.Length];
        var mask = new long[ids.Length];
        Array.Fill(mask, 1);
        for (var row = 0; row < _batch; row++)
        {
            for (var i = 0; i < length; i++)
            {
                ids[(row * length) + i] = prompts[row][i];
                positions[(row * length) + i] = i;
            }
        }

        using var logits = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float, [_batch, length, _shape.Vocabulary]);
        Step(ids, positions, mask, length, logits);
        var next = new int[_batch];
        for (var row = 0; row < _batch; row++)
        {
            next[row] = TensorPrimitives.IndexOfMax(logits.GetTensorDataAsSpan<float>().Slice(((row * length) + length - 1) * _shape.Vocabulary, _shape.Vocabulary));
        }

        return next;
    }

    private void Decode(int[] next, int past)
    {
        var ids = new long[_batch];
        var positions = new long[_batch];
        var mask = new long[_batch * (past + 1)];
        Array.Fill(mask, 1);
        Array.Fill(positions, past);
        for (var row = 0; row < _batch; row++)
        {
            ids[row] = next[row];
        }

        using var logits = OrtValue.CreateTensorValueFromMemory(_logits, [_batch, 1, _shape.Vocabulary]);
        Step(ids, positions, mask, 1, logits);
        for (var row = 0; row < _batch; row++)
        {
            next[row] = TensorPrimitives.IndexOfMax(_logits.AsSpan(row * _shape.Vocabulary, _shape.Vocabulary));
        }
    }

    private void Step(long[] ids, long[] positions, long[] mask, int length, OrtValue logits)
    {
        using var binding = _session.CreateIoBinding();
        using var idsTensor = OrtValue.CreateTensorValueFromMemory(ids, [_batch, length]);
        using var positionsTensor = OrtValue.CreateTensorValueFromMemory(positions, [_batch, length]);
        using var maskTensor = OrtValue.CreateTensorValueFromMemory(mask, [_batch, mask.Length / _batch]);
        binding.BindInput("input_ids", idsTensor);
        binding.BindInput("attention_mask", maskTensor);
        if (_positions)
        {
            binding.BindInput("position_ids", positionsTensor);
        }

        for (var layer = 0; layer < _shape.Layers; layer++)
        {
            // One memory for past and present: the operator writes in place.
            binding.BindInput($"past_key_values.{layer}.key", _tensors[layer * 2]);
            binding.BindInput($"past_key_values.{layer}.value", _tensors[(layer * 2) + 1]);
            binding.BindOutput($"present.{layer}.key", _tensors[layer * 2]);
            binding.BindOutput($"present.{layer}.value", _tensors[(layer * 2) + 1]);
        }

        binding.BindOutput("logits", logits);
        _session.RunWithBinding(_run, binding);
    }
}

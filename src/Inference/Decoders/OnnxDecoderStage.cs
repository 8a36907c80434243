using Meridian.Inference.Decoders.Caches;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Decoders.Graphs;
using Meridian.Inference.Packages;
using Meridian.Inference.Sessions;

namespace Meridian.Inference.Decoders;

/// <summary>A decoder on ONNX Runtime. Create it and call it on the same <see cref="EngineThread"/>.</summary>
public sealed class OnnxDecoderStage : IDecoderStage
{
    private readonly OnnxSession _session;
    private readonly KvCache _cache;
    private readonly int[] _seen;
    private int _call;

    private OnnxDecoderStage(OnnxSession session, KvCache cache, OpenedDecoder decoder, int slots)
    {
        _session = session;
        _cache = cache;
        _seen = new int[slots];
        Shape = decoder.Graph.Shape;
        Config = decoder.Config;
        Slots = slots;
    }

    /// <inheritdoc />
    public DecoderShape Shape { get; }

    /// <value>The package's configuration. The graph agrees with it.</value>
    public DecoderConfig Config { get; }

    /// <inheritdoc />
    public int Slots { get; }

    internal KvCache Cache => _cache;

    /// <inheritdoc />
    public bool PairsLoneRows
    {
        get => _cache.PairsLoneRows;
        set => _cache.PairsLoneRows = value;
    }

    /// <summary>Verifies and loads a package's graph.</summary>
    /// <exception cref="ModelPackageException">A file is missing or altered, or <see cref="DecoderCheck"/> rejects the graph.</exception>
    /// <exception cref="DeviceUnavailableException">The device does not exist, or cannot hold keys and values in this build.</exception>
    public static OnnxDecoderStage Load(ModelPackage package, DecoderStageOptions options)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Slots, 1);
        if (options.Device.IsCuda)
        {
            throw new DeviceUnavailableException(
                options.Device.ToString(), $"Model {package.Manifest.Id}: text generation keeps its keys and values in the processor's memory, {options.Device} cannot work on them. Set Device to cpu:0.");
        }

        var decoder = DecoderCheck.Open(package);
        var settings = new OnnxSessionOptions { Device = options.Device, IntraOpThreads = options.IntraOpThreads, AllowSpinning = options.AllowSpinning };
        var session = decoder.HasExternalFiles ? OnnxSession.Open(decoder.Path, settings) : OnnxSession.Create(decoder.Model, decoder.Path, settings);
        try
        {
            KvCache cache = decoder.Graph.Shape.Layout == KvLayout.Shared
                ? new SharedCache(decoder.Graph, session, options.Slots)
                : new PastCache(decoder.Graph, session, options.Slots, options.FreePadding);
            return new OnnxDecoderStage(session, cache, decoder, options.Slots);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    /// <exception cref="ArgumentException">
    /// A row does not continue its slot, exceeds the context, or has the same slot as another row; or a span is too short.
    /// </exception>
    /// <exception cref="Microsoft.ML.OnnxRuntime.OnnxRuntimeException">
    /// A run failed. Release the slots of all rows of the call; other slots are unchanged.
    /// </exception>
    public void Forward(ReadOnlySpan<DecoderRow> rows, ReadOnlySpan<int> ids, Span<float> logits)
    {
        if (rows.IsEmpty)
            throw new ArgumentException("A run has at least one row.", nameof(rows));
        _call++;
        var wanted = 0;
        foreach (ref readonly var row in rows)
        {
            if ((uint)row.Slot >= (uint)Slots)
                throw new ArgumentException($"{row} has a slot outside 0 to {Slots - 1}.", nameof(rows));
            if (_seen[row.Slot] == _call)
                throw new ArgumentException($"{row} is the second of its slot in one call.", nameof(rows));
            _seen[row.Slot] = _call;
            if (row.Start != _cache.Lengths[row.Slot] || row.Count < 1 || row.Count > Shape.ContextLength - row.Start)
                throw new ArgumentException($"{row} does not continue a slot of {_cache.Lengths[row.Slot]} tokens in a context of {Shape.ContextLength}.", nameof(rows));
            if (row.First < 0 || row.Count > ids.Length - row.First)
                throw new ArgumentException($"{row} has no ids among {ids.Length}.", nameof(rows));
            if (row.WantsLogits)
                wanted++;
        }

        if (logits.Length < (long)wanted * Shape.Vocabulary)
            throw new ArgumentException($"{wanted} rows want logits of {Shape.Vocabulary}; there is room for {logits.Length} numbers.", nameof(logits));
        _cache.Forward(rows, ids, logits);
    }

    /// <inheritdoc />
    public int Length(int slot) => _cache.Lengths[slot];

    /// <inheritdoc />
    /// <exception cref="ArgumentOutOfRangeException">The slot holds fewer tokens.</exception>
    public void Truncate(int slot, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, _cache.Lengths[slot]);
        _cache.Truncate(slot, length);
    }

    /// <inheritdoc />
    /// <exception cref="ArgumentOutOfRangeException">The source holds fewer tokens.</exception>
    public void Copy(int source, int target, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, _cache.Lengths[source]);
        if (source == target)
            _cache.Truncate(source, length);
        else
            _cache.Copy(source, target, length);
    }

    /// <inheritdoc />
    public void Release(int slot) => _cache.Release(slot);

    /// <inheritdoc />
    public void Dispose()
    {
        _cache.Dispose();
        _session.Dispose();
    }
}

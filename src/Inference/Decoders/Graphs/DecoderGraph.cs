using System.Globalization;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Packages;
using Meridian.Onnx;
using Meridian.Onnx.Reading;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Meridian.Inference.Decoders.Graphs;

/// <summary>The roles of a decoder's inputs and outputs, found in the graph itself.</summary>
internal sealed record DecoderGraph
{
    private const string Attention = "com.microsoft.GroupQueryAttention";
    private const string KeepName = "num_logits_to_keep";
    private const string PastPrefix = "past_key_values.";
    private const string PresentPrefix = "present.";
    private const string MergedPastPrefix = "past_";
    private const string MergedPresentPrefix = "present_";

    public required DecoderShape Shape { get; init; }

    /// <value>[batch, sequence].</value>
    public required GraphTensor Ids { get; init; }

    /// <value>[batch, past + sequence]: 1 for a token, 0 for padding.</value>
    public GraphTensor? Mask { get; init; }

    /// <value>[batch, sequence].</value>
    public GraphTensor? Positions { get; init; }

    /// <value>[batch]: the position of each row's last token after the run, which is the row's number of tokens less one.</value>
    public GraphTensor? LastPositions { get; init; }

    /// <value>One number: the number of tokens of the longest row after the run.</value>
    public GraphTensor? TotalLength { get; init; }

    /// <value>One number: how many of the last columns get logits; 0 for all columns.</value>
    public GraphTensor? LogitsToKeep { get; init; }

    /// <value>[batch, sequence or 1, vocabulary].</value>
    public required GraphTensor Logits { get; init; }

    /// <value>Whether the graph returns only the logits of the last column, for any length of the sequence.</value>
    public bool LastLogitsOnly => Logits.Dimensions is [_, 1, _];

    public required TensorElementType CacheType { get; init; }

    /// <value>Inputs of the cache: the key and the value of each layer in turn, or one input per layer in the layout <see cref="KvLayout.Merged"/>.</value>
    public required string[] Past { get; init; }

    /// <value>Outputs of the cache, in the order of <see cref="Past"/>.</value>
    public required string[] Present { get; init; }

    /// <value>
    /// Whether rows of different lengths may share a run. That needs a graph that is told which columns are padding and which positions the tokens have.
    /// </value>
    public bool TakesPadding => Shape.Layout == KvLayout.Shared || (Mask is not null && Positions is not null);

    /// <summary>Finds the roles and compares them with the configuration.</summary>
    /// <exception cref="ModelPackageException">The graph has no known layout, or graph and configuration disagree.</exception>
    public static DecoderGraph Discover(GraphOutline outline, GraphTables tables, DecoderConfig config, int contextLength, ContextCap? cap, string path)
    {
        var inputs = ByName(outline.Inputs, "inputs", path);
        var outputs = ByName(outline.Outputs, "outputs", path);
        var mistakes = new List<string>();
        var ids = Whole("input_ids", needed: true);
        var mask = Whole("attention_mask", needed: false);
        var positions = Whole("position_ids", needed: false);
        var lastPositions = Whole("seqlens_k", needed: false);
        var total = Whole("total_sequence_length", needed: false);
        var keep = Whole(KeepName, needed: false);

        var merged = inputs.Keys.Any(name => Layer(name, MergedPastPrefix, "") >= 0);
        var shared = outline.Operators.ContainsKey(Attention);
        var layout = merged ? KvLayout.Merged : shared ? KvLayout.Shared : KvLayout.Concatenated;
        var type = OnnxType.Float;
        var past = new List<string>();
        var present = new List<string>();
        if (!merged && !inputs.Keys.Any(name => name.StartsWith(PastPrefix, StringComparison.Ordinal)))
        {
            mistakes.Add(
                $"expected inputs {PastPrefix}N.key and {PastPrefix}N.value [batch, heads, past, dimension], or {MergedPastPrefix}N [2, batch, heads, past, dimension] for the keys and values before; found no such input. Export it for text generation with past.");
        }
        else
        {
            Cache();
        }

        if (shared && mask is null && (lastPositions is null || total is null))
            mistakes.Add($"expected attention_mask, or seqlens_k and total_sequence_length, to tell {Attention} how long each row is; found neither.");
        if (!shared && mask is null)
            mistakes.Add("expected an input attention_mask [batch, past + sequence]; found none.");
        if (shared && merged)
            mistakes.Add($"expected keys and values apart for {Attention}; found {MergedPastPrefix}N.");

        outputs.TryGetValue("logits", out var logits);
        if (logits is null)
            mistakes.Add("expected an output logits [batch, sequence, vocabulary]; found none.");
        else if (logits.Type is not (OnnxType.Float or OnnxType.Float16) || logits.Dimensions is not (null or [_, _, _]))
            mistakes.Add($"expected logits as float32 or float16 [batch, sequence, vocabulary]; found {logits}.");
        else if (logits.Dimensions is [_, _, >= 0 and var width] && width != config.Vocabulary)
            mistakes.Add($"{DecoderConfig.FileName} has a vocabulary of {config.Vocabulary}; the graph's {logits} has {width}.");
        else if (OutputWidths.Of(outline).TryGetValue(logits.Name, out var columns) && columns != config.Vocabulary)
            mistakes.Add($"{DecoderConfig.FileName} has a vocabulary of {config.Vocabulary}; the graph's output layer gives {columns} logits.");

        if (tables.Tokens is { } tokens && tokens.Reach < config.Vocabulary)
            mistakes.Add($"{DecoderConfig.FileName} has a vocabulary of {config.Vocabulary}; the graph's table of tokens '{tokens.Name}' has {tokens.Rows} rows.");
        if (tables.Heads is { } heads && heads != config.Heads)
            mistakes.Add($"{DecoderConfig.FileName} has {config.Heads} attention heads; the graph's {Attention} has {heads}.");
        if (tables.KvHeads is { } kvHeads && kvHeads != config.KvHeads)
            mistakes.Add($"{DecoderConfig.FileName} has {config.KvHeads} key and value heads; the graph's {Attention} has {kvHeads}.");
        if (tables.Rotated is { } rotated && 2 * rotated.Reach > config.HeadDimension)
            mistakes.Add($"{DecoderConfig.FileName} has heads of dimension {config.HeadDimension}; the graph's rotary table '{rotated.Name}' rotates {2 * rotated.Reach} numbers of a head.");
        var known = new HashSet<string>([.. past, "input_ids", "attention_mask", "position_ids", "seqlens_k", "total_sequence_length", KeepName], StringComparer.Ordinal);
        foreach (var input in outline.Inputs)
        {
            if (!known.Contains(input.Name) && (past.Count > 0 || !input.Name.StartsWith(PastPrefix, StringComparison.Ordinal)))
                mistakes.Add($"found an input {input} that this build cannot fill. Export the graph without it.");
        }

        if (mistakes.Count > 0)
            throw new ModelPackageException(path, $"'{path}' is no decoder that this build runs: {string.Join(" Also: ", mistakes)}");
        return new DecoderGraph
        {
            Shape = new DecoderShape
            {
                Layout = layout,
                Layers = config.Layers,
                KvHeads = config.KvHeads,
                HeadDimension = config.HeadDimension,
                Vocabulary = config.Vocabulary,
                ContextLength = contextLength,
                Cap = cap,
                ElementSize = type == OnnxType.Float16 ? 2 : 4,
            },
            Ids = ids!,
            Mask = mask,
            Positions = positions,
            LastPositions = lastPositions,
            TotalLength = total,
            LogitsToKeep = keep,
            Logits = logits!,
            CacheType = (TensorElementType)type,
            Past = [.. past],
            Present = [.. present],
        };

        GraphTensor? Whole(string name, bool needed)
        {
            if (!inputs.TryGetValue(name, out var input) && (name != KeepName || (input = outline.OptionalInputs.FirstOrDefault(i => i.Name == name)) is null))
            {
                if (needed)
                    mistakes.Add($"expected an input {name}; found {string.Join(", ", outline.Inputs.Take(8).Select(i => i.Name))}{(outline.Inputs.Count > 8 ? ", ..." : "")}.");
                return null;
            }

            if (input.Type is OnnxType.Int64 or OnnxType.Int32 || (name == "attention_mask" && input.Type == OnnxType.Float))
                return input;
            mistakes.Add($"expected {name} as int64 or int32; found {input}.");
            return null;
        }

        void Cache()
        {
            // The number in a name may be arbitrarily large, but there cannot be more layers than inputs.
            var last = inputs.Keys.Max(name => merged ? Layer(name, MergedPastPrefix, "") : Math.Max(Layer(name, PastPrefix, ".key"), Layer(name, PastPrefix, ".value")));
            var layers = Math.Min(last, inputs.Count) + 1;
            if (last + 1L != config.Layers)
            {
                mistakes.Add($"{DecoderConfig.FileName} has {config.Layers} layers; the graph has keys and values of {last + 1L}.");
                layers = Math.Min(layers, config.Layers);
            }
            else if (layers != config.Layers)
            {
                mistakes.Add($"{DecoderConfig.FileName} has {config.Layers} layers, and so says the last of the graph's inputs; but the graph has {inputs.Count} inputs in all.");
                return;
            }

            GraphTensor? first = null;
            for (var layer = 0; layer < layers; layer++)
            {
                var n = layer.ToString(CultureInfo.InvariantCulture);
                if (merged)
                {
                    Pair(MergedPastPrefix + n, MergedPresentPrefix + n, ref first);
                }
                else
                {
                    Pair($"{PastPrefix}{n}.key", $"{PresentPrefix}{n}.key", ref first);
                    Pair($"{PastPrefix}{n}.value", $"{PresentPrefix}{n}.value", ref first);
                }
            }

            type = first?.Type ?? type;
        }

        void Pair(string pastName, string presentName, ref GraphTensor? first)
        {
            past.Add(pastName);
            present.Add(presentName);
            if (!inputs.TryGetValue(pastName, out var before))
            {
                mistakes.Add($"expected an input {pastName}; found none.");
                return;
            }

            if (!outputs.TryGetValue(presentName, out var after))
            {
                mistakes.Add($"expected an output {presentName} that continues {pastName}; found {string.Join(", ", outline.Outputs.Take(4).Select(o => o.Name))}, ...");
                return;
            }

            first ??= before;
            if (before.Type is not (OnnxType.Float or OnnxType.Float16) || before.Type != first.Type || after.Type != before.Type)
                mistakes.Add($"expected keys and values of one type, float32 or float16; found {before} and {after}.");
            var wanted = merged ? 5 : 4;
            if (before.Dimensions is { } d && d.Length != wanted)
                mistakes.Add($"expected {pastName} with {wanted} dimensions; found {before}.");
            else if (before.Dimensions is { } e)
                Compare(before, e[wanted - 3], e[wanted - 1]);
        }

        void Compare(GraphTensor tensor, long heads, long dimension)
        {
            if (heads >= 0 && heads != config.KvHeads)
                mistakes.Add($"{DecoderConfig.FileName} has {config.KvHeads} key and value heads; the graph's {tensor} has {heads}.");
            if (dimension >= 0 && dimension != config.HeadDimension)
                mistakes.Add($"{DecoderConfig.FileName} has heads of dimension {config.HeadDimension}; the graph's {tensor} has {dimension}.");
        }
    }

    private static Dictionary<string, GraphTensor> ByName(IReadOnlyList<GraphTensor> tensors, string what, string path)
    {
        var named = new Dictionary<string, GraphTensor>(StringComparer.Ordinal);
        foreach (var tensor in tensors)
        {
            if (!named.TryAdd(tensor.Name, tensor))
                throw new ModelPackageException(path, $"'{path}' is no sound graph: two of its {what} are named '{tensor.Name}'. Export it again.");
        }

        return named;
    }

    private static int Layer(string name, string prefix, string suffix) =>
        name.StartsWith(prefix, StringComparison.Ordinal) && name.EndsWith(suffix, StringComparison.Ordinal) && name.Length > prefix.Length + suffix.Length
            && int.TryParse(name.AsSpan(prefix.Length, name.Length - prefix.Length - suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var layer)
            ? layer
            : -1;
}

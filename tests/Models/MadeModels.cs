using System.Collections.Concurrent;
using Meridian.Inference.Decoders.Contract;
using Meridian.ModelTools.Llama;
using Meridian.Onnx;

namespace Meridian.TestModels;

/// <summary>Folders of small decoders with random weights, made once a process and removed when it ends. The same weights in every layout.</summary>
public static class MadeModels
{
    private static readonly ConcurrentDictionary<(KvLayout, OnnxType, bool), Lazy<string>> Made = new();
    private static readonly Lazy<string> Root = new(MakeRoot);

    /// <value>2 layers, hidden 64, 4 query heads on 2 key heads of dimension 16, 384 tokens of vocabulary, a context of 512.</value>
    public static LlamaConfig Config { get; } = LlamaFolder.Configure(
        layers: 2, hidden: 64, heads: 4, kvHeads: 2, intermediate: 160, vocabulary: 384, context: 512);

    /// <value>Seed of the weights.</value>
    public const int Seed = 7;

    /// <summary>Folder (Hugging Face, Optimum) of a made model; do not write into it.</summary>
    /// <param name="layout">Cache layout.</param>
    /// <param name="type">Float or Float16.</param>
    /// <param name="tied">Whether the output layer is the embedding.</param>
    public static string Get(KvLayout layout, OnnxType type = OnnxType.Float, bool tied = true) =>
        Made.GetOrAdd((layout, type, tied), key => new Lazy<string>(() =>
        {
            var directory = Folder($"{key.Item1}-{key.Item2}-{(key.Item3 ? "tied" : "untied")}".ToLowerInvariant());
            LlamaFolder.Make(directory, Config with { TieEmbeddings = key.Item3 }, Seed, key.Item1, key.Item2);
            return directory;
        })).Value;

    internal static string Folder(string name) => Path.Combine(Root.Value, name);

    private static string MakeRoot()
    {
        var root = Directory.CreateTempSubdirectory("meridian-made-models-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(root, recursive: true);
        return root;
    }
}

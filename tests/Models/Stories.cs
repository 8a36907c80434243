using System.Collections.Concurrent;
using Meridian.Inference.Decoders;
using Meridian.ModelTools.Llama;

namespace Meridian.TestModels;

/// <summary>The trained model <c>stories260k</c>, where the machine has it.</summary>
public static class Stories
{
    /// <value>Variable that names the folder of trained models.</value>
    public const string Variable = "MERIDIAN_TEST_MODELS";

    /// <value>The model's folder, or null where it is not at hand.</value>
    public static string? Folder { get; } = Find();

    private static readonly ConcurrentDictionary<KvLayout, Lazy<string>> Exports = new();

    /// <summary>The model exported anew in a layout, once a process; skips the test where the model is not at hand. Do not write into the folder.</summary>
    public static string Get(KvLayout layout)
    {
        var source = Require();
        return Exports.GetOrAdd(layout, key => new Lazy<string>(() =>
        {
            var directory = MadeModels.Folder($"stories260k-{key}".ToLowerInvariant());
            LlamaFolder.Export(source, directory, key);
            return directory;
        })).Value;
    }

    /// <summary>The model's folder; skips the test where there is none.</summary>
    public static string Require()
    {
        if (Folder is null)
        {
            Assert.Skip(
                $"{Variable} = '{Environment.GetEnvironmentVariable(Variable)}' holds no stories260k/onnx/model.onnx; set it to the folder that holds stories260k (karpathy/tinyllamas, exported to ONNX with cache).");
        }

        return Folder;
    }

    private static string? Find()
    {
        var models = Environment.GetEnvironmentVariable(Variable);
        var directory = string.IsNullOrEmpty(models) ? null : Path.Combine(models, "stories260k");
        return File.Exists(Path.Combine(directory ?? "", "onnx", "model.onnx")) ? directory : null;
    }
}

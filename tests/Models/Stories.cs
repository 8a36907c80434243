using System.Collections.Concurrent;
using Meridian.Inference.Decoders.Contract;
using Meridian.ModelTools.Llama;

namespace Meridian.TestModels;

/// <summary>Trained models that tell stories: the one that comes with Meridian, and the one it was distilled from, where the machine has it.</summary>
public static class Stories
{
    /// <value>The model of <c>models/stories</c>.</value>
    public const string BuiltIn = "stories";

    /// <value>Its teacher.</value>
    public const string Teacher = "stories260k";

    /// <value>Variable that names the folder of trained models that are not part of the sources.</value>
    public const string Variable = "MERIDIAN_TEST_MODELS";

    private static readonly ConcurrentDictionary<(string, KvLayout), Lazy<string>> Exports = new();

    /// <value>Both.</value>
    public static TheoryData<string> All => [BuiltIn, Teacher];

    /// <summary>A model exported anew in a layout, once a process; skips the test where the model is not at hand. Do not write into the folder.</summary>
    public static string Get(string model, KvLayout layout)
    {
        var source = Require(model);
        return Exports.GetOrAdd((model, layout), key => new Lazy<string>(() =>
        {
            var directory = MadeModels.Folder($"{key.Item1}-{key.Item2}".ToLowerInvariant());
            LlamaFolder.Export(source, directory, key.Item2);
            return directory;
        })).Value;
    }

    /// <summary>A model's folder; skips the test where there is none.</summary>
    public static string Require(string model)
    {
        var folder = Find(model);
        if (folder is null)
        {
            Assert.Skip(
                $"{Variable} = '{Environment.GetEnvironmentVariable(Variable)}' holds no {model}/onnx/model.onnx; set it to the folder that holds stories260k (karpathy/tinyllamas, exported to ONNX with cache).");
        }

        return folder;
    }

    /// <summary>A model's folder, or null where it is not at hand.</summary>
    public static string? Find(string model)
    {
        var models = model == BuiltIn ? Path.Combine(AppContext.BaseDirectory, "models") : Environment.GetEnvironmentVariable(Variable);
        var directory = string.IsNullOrEmpty(models) ? null : Path.Combine(models, model);
        return File.Exists(Path.Combine(directory ?? "", "onnx", "model.onnx")) ? directory : null;
    }
}

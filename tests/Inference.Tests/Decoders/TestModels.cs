using Meridian.Inference.Packages;
using Meridian.Load;

namespace Meridian.Inference.Tests.Decoders;

/// <summary>Trained models: the one that comes with Meridian, and others that a machine may have.</summary>
internal static class TestModels
{
    /// <value>The model of <c>models/stories</c>.</value>
    public const string BuiltIn = "stories";

    /// <value>Its teacher.</value>
    public const string Teacher = "stories260k";

    private const string Variable = "MERIDIAN_TEST_MODELS";

    /// <summary>The folder of a model; skips the test where it is not at hand.</summary>
    public static string Folder(string name)
    {
        if (name == BuiltIn)
            return Path.Combine(AppContext.BaseDirectory, "models", BuiltIn);
        var root = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(root))
            Assert.Skip($"{Variable} is not set: give the folder that holds '{name}' (a Hugging Face folder with onnx/model.onnx).");
        var folder = Path.Combine(root, name);
        if (!Directory.Exists(folder))
            Assert.Skip($"{Variable} is '{root}', which has no folder '{name}'.");
        return folder;
    }

    /// <summary>A folder as a package, without a store: its files where they are, with their hashes.</summary>
    public static Task<ModelPackage> PackageAsync(string folder, int maxTokens = 0) => UnstoredPackage.OfAsync(folder, maxTokens, TestContext.Current.CancellationToken);
}

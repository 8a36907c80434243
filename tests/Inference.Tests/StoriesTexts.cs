using System.Text.Json;
using Meridian.Inference.Packages;
using Meridian.Inference.Tests.Decoders;

namespace Meridian.Inference.Tests;

/// <summary>Text files of the trained models. They have the same tokens.</summary>
internal static class StoriesTexts
{
    /// <value>Names of the models.</value>
    public static TheoryData<string> Models => [TestModels.BuiltIn, TestModels.Teacher];

    /// <summary>A model's text files as a package, without the graph.</summary>
    public static Task<ModelPackage> PackageAsync(string model) =>
        MadePackage.OfAsync(TestModels.Folder(model), "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json");

    public static JsonElement Golden(string model)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestModels.Folder(model), "GOLDEN.json")));
        return document.RootElement.Clone();
    }
}

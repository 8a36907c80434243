using Meridian.Inference.Decoders.Contract;
using Meridian.ModelTools.Tests.Harness;
using Meridian.TestModels;

namespace Meridian.ModelTools.Tests.Llama;

public sealed class StoriesExportTests
{
    public static TheoryData<string, KvLayout> Layouts => new(
        from model in new[] { Stories.BuiltIn, Stories.Teacher }
        from layout in new[] { KvLayout.Concatenated, KvLayout.Shared, KvLayout.Merged }
        select (model, layout));

    [Theory]
    [MemberData(nameof(Layouts))]
    public void The_trained_model_tells_the_same_stories_in_every_layout(string model, KvLayout layout)
    {
        var cases = StoriesGolden.Require(model);
        using var decoder = new RawDecoder(Stories.Get(model, layout), layout);

        foreach (var golden in cases)
        {
            decoder.Clear();
            Assert.Equal(golden.GeneratedIds, decoder.Greedy(golden.PromptIds, golden.GeneratedIds.Length));
        }
    }

    [Theory]
    [MemberData(nameof(Stories.All), MemberType = typeof(Stories))]
    public void An_export_brings_everything_but_the_graph_along(string model)
    {
        var source = Stories.Require(model);
        var export = Stories.Get(model, KvLayout.Merged);

        foreach (var name in new[] { "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "LICENSE" })
            Assert.Equal(File.ReadAllBytes(Path.Combine(source, name)), File.ReadAllBytes(Path.Combine(export, name)));
        Assert.False(File.ReadAllBytes(Path.Combine(source, "onnx/model.onnx")).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(export, "onnx/model.onnx"))));
    }
}

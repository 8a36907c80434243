using Meridian.Inference.Decoders;
using Meridian.ModelTools.Tests.Harness;
using Meridian.TestModels;

namespace Meridian.ModelTools.Tests.Llama;

public sealed class StoriesExportTests
{
    [Theory]
    [InlineData(KvLayout.Concatenated)]
    [InlineData(KvLayout.Shared)]
    [InlineData(KvLayout.Merged)]
    public void The_trained_model_tells_the_same_stories_in_every_layout(KvLayout layout)
    {
        var cases = StoriesGolden.Require();
        using var decoder = new RawDecoder(Stories.Get(layout), layout);

        foreach (var golden in cases)
        {
            decoder.Clear();
            Assert.Equal(golden.GeneratedIds, decoder.Greedy(golden.PromptIds, golden.GeneratedIds.Length));
        }
    }

    [Fact]
    public void An_export_brings_everything_but_the_graph_along()
    {
        var source = Stories.Require();
        var export = Stories.Get(KvLayout.Shared);

        foreach (var name in new[] { "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "LICENSE" })
            Assert.Equal(File.ReadAllBytes(Path.Combine(source, name)), File.ReadAllBytes(Path.Combine(export, name)));
        Assert.False(File.ReadAllBytes(Path.Combine(source, "onnx/model.onnx")).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(export, "onnx/model.onnx"))));
    }
}

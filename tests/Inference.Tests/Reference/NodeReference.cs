using System.Runtime.InteropServices;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Tests.Reference;

/// <summary>Runs <c>reference.mjs</c>: other people's tokenizer and ONNX Runtime's other binding over the same files.</summary>
internal static class NodeReference
{
    public sealed record Item(int[] Ids, float[] Vector);

    public static async Task<Item[]> RunAsync(ModelPackage package, IReadOnlyList<string> texts)
    {
        var answer = await NodeScript.RunAsync("onnxruntime-node", "Reference/reference.mjs", new
        {
            model = Path.Combine(package.Directory, "model.onnx"),
            vocabulary = Path.Combine(package.Directory, "vocab.txt"),
            maxTokens = package.Manifest.MaxTokens,
            texts = texts.Select(t => Convert.ToBase64String(MemoryMarshal.AsBytes(t.AsSpan()))),
        });
        return [.. answer.GetProperty("items").EnumerateArray().Select(i => new Item(
            [.. i.GetProperty("ids").EnumerateArray().Select(n => n.GetInt32())],
            MemoryMarshal.Cast<byte, float>(i.GetProperty("vector").GetBytesFromBase64()).ToArray()))];
    }
}

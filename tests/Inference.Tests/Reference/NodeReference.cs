using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Tests.Reference;

/// <summary>Runs <c>reference.mjs</c>: other people's tokenizer and ONNX Runtime's other binding over the same files.</summary>
internal static class NodeReference
{
    public sealed record Item(int[] Ids, float[] Vector);

    public static async Task<Item[]> RunAsync(ModelPackage package, IReadOnlyList<string> texts)
    {
        var tools = Environment.GetEnvironmentVariable("MERIDIAN_TEST_TOOLS");
        if (string.IsNullOrEmpty(tools) || !Directory.Exists(Path.Combine(tools, "node_modules", "onnxruntime-node")))
            Assert.Skip("needs onnxruntime-node and @huggingface/tokenizers: npm ci --prefix tests/tools, then set MERIDIAN_TEST_TOOLS to that folder");

        var start = new ProcessStartInfo("node", [Path.Combine(AppContext.BaseDirectory, "Reference", "reference.mjs")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
        };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("needs node: install Node.js 20 or newer");
            throw;
        }

        using (process)
        {
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            try
            {
                await process.StandardInput.WriteAsync(JsonSerializer.Serialize(new
                {
                    model = Path.Combine(package.Directory, "model.onnx"),
                    vocabulary = Path.Combine(package.Directory, "vocab.txt"),
                    maxTokens = package.Manifest.MaxTokens,
                    texts = texts.Select(t => Convert.ToBase64String(MemoryMarshal.AsBytes(t.AsSpan()))),
                }));
                process.StandardInput.Close();
                await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            }
            finally
            {
                if (!process.HasExited)
                    process.Kill(entireProcessTree: true);
            }

            Assert.True(process.ExitCode == 0, $"reference.mjs ended with {process.ExitCode}: {await errors}");
            using var document = JsonDocument.Parse(await output);
            return [.. document.RootElement.GetProperty("items").EnumerateArray().Select(i => new Item(
                [.. i.GetProperty("ids").EnumerateArray().Select(n => n.GetInt32())],
                MemoryMarshal.Cast<byte, float>(i.GetProperty("vector").GetBytesFromBase64()).ToArray()))];
        }
    }
}

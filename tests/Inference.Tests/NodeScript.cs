using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Meridian.Inference.Tests;

/// <summary>Runs a script that compares us with somebody else's JavaScript: JSON in, JSON out.</summary>
internal static class NodeScript
{
    /// <param name="package">The npm package that it needs; without it the test is skipped.</param>
    /// <param name="script">Path beside the test assembly.</param>
    /// <param name="request">Written to its input as JSON.</param>
    public static async Task<JsonElement> RunAsync(string package, string script, object request)
    {
        var tools = Environment.GetEnvironmentVariable("MERIDIAN_TEST_TOOLS");
        if (string.IsNullOrEmpty(tools) || !Directory.Exists(Path.Combine([tools, "node_modules", .. package.Split('/')])))
            Assert.Skip($"needs {package}: npm ci --prefix tests/tools, then set MERIDIAN_TEST_TOOLS to that folder");

        var start = new ProcessStartInfo("node", [Path.Combine([AppContext.BaseDirectory, .. script.Split('/')])])
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
                await process.StandardInput.WriteAsync(JsonSerializer.Serialize(request));
                process.StandardInput.Close();
                await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            }
            finally
            {
                if (!process.HasExited)
                    process.Kill(entireProcessTree: true);
            }

            Assert.True(process.ExitCode == 0, $"{script} ended with {process.ExitCode}: {await errors}");
            using var document = JsonDocument.Parse(await output);
            return document.RootElement.Clone();
        }
    }
}

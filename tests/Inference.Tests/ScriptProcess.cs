using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Meridian.Inference.Tests;

/// <summary>A script in another language: JSON in, JSON out.</summary>
internal static class ScriptProcess
{
    /// <summary>Exit code of a script that lacks a library; what it needs stands in its errors, and the test is skipped.</summary>
    private const int MissingLibrary = 77;

    /// <param name="program">Runs the script.</param>
    /// <param name="missing">Why the test is skipped where there is no such program.</param>
    /// <param name="script">Path beside the test assembly.</param>
    /// <param name="request">Written to its input as JSON.</param>
    public static async Task<JsonElement> RunAsync(string program, string missing, string script, object request)
    {
        var start = new ProcessStartInfo(program, [Path.Combine([AppContext.BaseDirectory, .. script.Split('/')])])
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
            Assert.Skip(missing);
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

            if (process.ExitCode == MissingLibrary)
                Assert.Skip(await errors);
            Assert.True(process.ExitCode == 0, $"{script} ended with {process.ExitCode}: {await errors}");
            using var document = JsonDocument.Parse(await output);
            return document.RootElement.Clone();
        }
    }
}

using System.Text.Json;

namespace Meridian.Inference.Tests;

/// <summary>Runs a script that compares us with somebody else's JavaScript: JSON in, JSON out.</summary>
internal static class NodeScript
{
    /// <param name="package">The npm package that it needs; without it the test is skipped.</param>
    /// <param name="script">Path beside the test assembly.</param>
    /// <param name="request">Written to its input as JSON.</param>
    public static Task<JsonElement> RunAsync(string package, string script, object request)
    {
        var tools = Environment.GetEnvironmentVariable("MERIDIAN_TEST_TOOLS");
        if (string.IsNullOrEmpty(tools) || !Directory.Exists(Path.Combine([tools, "node_modules", .. package.Split('/')])))
            Assert.Skip($"needs {package}: npm ci --prefix tests/tools, then set MERIDIAN_TEST_TOOLS to that folder");
        return ScriptProcess.RunAsync("node", "needs node: install Node.js 20 or newer", script, request);
    }
}

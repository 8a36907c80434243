using Meridian.Cluster.Tests.Harness;
using Meridian.Wan.Lab;

namespace Meridian.Wan.Tests;

public sealed class SovereigntyTests
{
    [Fact]
    public async Task What_is_restricted_to_a_jurisdiction_is_on_no_wire_of_another_whatever_becomes_of_its_only_region()
    {
        Assert.SkipWhen(WanLab.Missing() is not null, WanLab.Missing() ?? "");
        using var results = new TemporaryDirectory();
        var program = MeridianProgram.OfAssembly("Meridian.Wan.dll", "run", "sovereignty", "--restricted", "6", "--out", results.Path);
        await using var run = ChildProcess.Start("sovereignty", program.Program, program.Prefix);

        await run.ExitAsync(TimeSpan.FromSeconds(400));

        Assert.True(run.ExitCode == 0, run.Tail(60));
        Assert.Contains("\"holds\": true", await File.ReadAllTextAsync(Path.Combine(results.Path, "sovereignty.json"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}

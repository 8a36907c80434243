using Meridian.Silo.Configuration;
using Meridian.Silo.Configuration.Reading;
using Meridian.Silo.Dev;

namespace Meridian.Silo.Tests.Dev;

public sealed class OutputTests
{
    [Fact]
    public void Lines_carry_the_name_in_a_column()
    {
        Assert.Equal("eastus     | hello", new OutputPrefixer("eastus", 10, colour: null).Prefix("hello"));
        Assert.Equal("westeurope | ", new OutputPrefixer("westeurope", 10, colour: null).Prefix(""));
    }

    [Fact]
    public void Colour_covers_the_column_and_not_the_line()
    {
        var line = new OutputPrefixer("a", 1, colour: 0).Prefix("text");

        Assert.StartsWith("\e[", line, StringComparison.Ordinal);
        Assert.EndsWith("\e[0mtext", line, StringComparison.Ordinal);
        Assert.Equal(line, new OutputPrefixer("a", 1, colour: 6).Prefix("text"));
    }

    [Theory]
    [InlineData(false, null, true)]
    [InlineData(false, "", true)]
    [InlineData(false, "1", false)]
    [InlineData(true, null, false)]
    public void Colour_is_for_terminals_and_respects_NO_COLOR(bool redirected, string? noColor, bool wanted) =>
        Assert.Equal(wanted, OutputPrefixer.WantsColour(redirected, noColor));

    [Fact]
    public void The_report_says_where_everything_is_and_what_to_try()
    {
        var options = MeridianConfiguration.Read(MeridianConfiguration.Load(null, [], []));
        var regions = RegionPlan.All(options);

        var report = StartupReport.Write([(regions[0], 11), (regions[1], 12), (regions[2], null)], FrontDoorPlan.Of(options), 10, "/data", options.Models, TimeSpan.FromSeconds(4.2));

        foreach (var part in new[] { "4.2 s", "/data", "eastus", "us", "http://127.0.0.1:8081", "11", "westeurope", "eu", "southeastasia", "apac", "front door", "http://127.0.0.1:8080/v1/embeddings", "\"model\": \"minilm\"", "http://127.0.0.1:8080/v1/completions", "\"model\": \"stories\"", "kill -9 11", "Ctrl-C" })
        {
            Assert.Contains(part, report, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(report.Split('\n'), line => line.EndsWith(' '));
    }
}

using Meridian.Gateway.Tests.Hosting;
using Microsoft.Extensions.Options;

namespace Meridian.Gateway.Tests;

public sealed class GatewayOptionsTests
{
    [Fact]
    public async Task All_mistakes_are_reported_at_the_start()
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => GatewayHost.StartAsync(options =>
        {
            options.MaxRequestBytes = 10;
            options.DefaultDeadlineMs = 0;
            options.MaxItems = -1;
            options.DefaultGenerationDeadlineMs = 600_001;
            options.HeartbeatMs = 5;
            options.ResumeKey = "secret";
        }));
        Assert.Equal(6, failure.Failures.Count());
        Assert.Contains("GatewayOptions.MaxRequestBytes is 10", failure.Message, StringComparison.Ordinal);
        Assert.Contains("GatewayOptions.DefaultDeadlineMs is 0", failure.Message, StringComparison.Ordinal);
        Assert.Contains("GatewayOptions.MaxItems is -1", failure.Message, StringComparison.Ordinal);
        Assert.Contains("GatewayOptions.DefaultGenerationDeadlineMs is 600001", failure.Message, StringComparison.Ordinal);
        Assert.Contains("GatewayOptions.HeartbeatMs is 5", failure.Message, StringComparison.Ordinal);

        // Secrets are not shown.
        Assert.Contains("GatewayOptions.ResumeKey has 6 characters", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Limits_are_those_of_the_options()
    {
        await using var host = await GatewayHost.StartAsync(options =>
        {
            options.MaxRequestBytes = 2000;
            options.MaxItems = 2;
            options.DefaultDeadlineMs = 777;
        });
        using var good = await host.EmbedAsync("""{"model":"minilm","input":["a","b"]}""");
        Assert.True(good.IsSuccessStatusCode);
        Assert.InRange(host.Edge.Last!.RemainingMs, 1, 777);
        using var many = await host.EmbedAsync("""{"model":"minilm","input":["a","b","c"]}""");
        await many.ErrorAsync(400, "too_many_items", "input");
        using var large = await host.EmbedAsync($$"""{"model":"minilm","input":"{{new string('x', 2000)}}"}""");
        await large.ErrorAsync(413, "request_too_large");
    }
}

using System.Net;
using System.Text;
using Meridian.Gateway.Http;
using Meridian.Gateway.Tests.Hosting;
using Meridian.Routing.Snapshots;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Gateway.Tests.Closing;

public sealed class FacadeShutdownTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly Uri Ready = new("/readyz", UriKind.Relative);

    [Fact]
    public async Task A_closing_edge_is_not_ready_and_serves_on_but_asks_callers_to_connect_anew()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Directory.Current = DirectoryDouble.Snapshot(DirectoryDouble.Region("eastus", RegionHealth.Alive, DirectoryDouble.Model("minilm", 1)));
        using (var before = await host.Client.GetAsync(Ready))
        {
            Assert.Equal((HttpStatusCode.OK, null), (before.StatusCode, before.Headers.ConnectionClose));
        }

        host.App.Services.GetRequiredService<FacadeShutdown>().Begin();
        using var ready = await host.Client.GetAsync(Ready);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (ready.StatusCode, ready.Headers.ConnectionClose));
        Assert.Contains("stopping", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var healthy = await host.Client.GetAsync(new Uri("/healthz", UriKind.Relative));
        Assert.Equal((HttpStatusCode.OK, true), (healthy.StatusCode, healthy.Headers.ConnectionClose));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stream_that_outlives_the_edge_ends_with_an_error_that_says_so(bool resumable)
    {
        await using var host = await GatewayHost.StartAsync();
        var script = new ScriptedStream();
        host.Edge.Script(script);
        script.Then(Tokens.Say("one"));
        (string Name, string Value)[] headers = resumable ? [(GatewayHeaders.Resumable, "1")] : [];
        using var response = await host.PostAsync("/v1/chat/completions", Encoding.UTF8.GetBytes("""{"model":"story","messages":[{"role":"user","content":"hi"}],"stream":true}"""), headers);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        while (!(await reader.ReadLineAsync())!.Contains("one", StringComparison.Ordinal))
        {
        }

        host.App.Services.GetRequiredService<FacadeShutdown>().End();
        var rest = await reader.ReadToEndAsync().WaitAsync(Patience);
        Assert.Contains("server_shutting_down", rest, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", rest, StringComparison.Ordinal);
    }
}

using Meridian.Silo.Configuration;
using Meridian.Silo.Dev;

namespace Meridian.Silo.Tests.Dev;

/// <summary>What the supervisor makes for its processes to share.</summary>
public sealed class SecretsTests
{
    [Fact]
    public void The_edges_of_an_installation_share_a_key_that_their_settings_take()
    {
        var (first, second) = (Supervisor.Secrets(new MeridianOptions()), Supervisor.Secrets(new MeridianOptions()));

        var (name, value) = Assert.Single(first);
        Assert.NotEqual(value, second[name]);
        Assert.Equal("Meridian:Gateway:ResumeKey", name.Replace("__", ":", StringComparison.Ordinal), ignoreCase: true);
        Assert.True(value.Length >= Meridian.Gateway.Http.GatewayOptions.LeastResumeKey);
    }

    [Fact]
    public void A_key_that_is_set_stays()
    {
        var options = new MeridianOptions();
        options.Gateway.ResumeKey = new string('k', 32);

        Assert.Empty(Supervisor.Secrets(options));
    }
}

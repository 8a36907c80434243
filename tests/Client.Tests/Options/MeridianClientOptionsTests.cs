using Meridian.Client.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Meridian.Client.Tests.Options;

public class MeridianClientOptionsTests
{
    private static IEnumerable<string> Mistakes(Action<MeridianClientOptions> configure)
    {
        using var services = new ServiceCollection().AddMeridian(configure).BuildServiceProvider();
        return Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptions<MeridianClientOptions>>().Value).Failures;
    }

    [Fact]
    public void All_mistakes_are_reported_at_once_by_option_value_and_rule()
    {
        var mistakes = Mistakes(o =>
        {
            o.Regions = [new() { Name = "a", Gateways = ["nowhere", "host:70000", "::1:80", "10.0.0.1:8192"] }, new() { Name = "a" }, new()];
            o.Attempts = 0;
            o.Deadline = TimeSpan.Zero;
            o.HomeRegion = "b";
            o.Residency = [];
            o.DefaultModel = "";
            o.DefaultChatModel = " ";
            o.StreamDeadline = TimeSpan.FromDays(2);
        }).ToArray();

        Assert.Equal(
            [
                "Regions[0].Gateways[0] is 'nowhere': must be host:port with a port of 1 to 65535, for example 10.0.0.4:8192.",
                "Regions[0].Gateways[1] is 'host:70000': must be host:port with a port of 1 to 65535, for example 10.0.0.4:8192.",
                "Regions[0].Gateways[2] is '::1:80': must be host:port with a port of 1 to 65535, for example 10.0.0.4:8192.",
                "Regions[1].Name is 'a': each name may occur once.",
                "Regions[1].Gateways.Count is '0': list at least one gateway as host:port.",
                "Regions[2].Name is '': every region needs a name.",
                "Regions[2].Gateways.Count is '0': list at least one gateway as host:port.",
                "DefaultModel is '': must name a model.",
                "DefaultChatModel is ' ': leave it out or name a model.",
                "Attempts is '0': must be 1 to 100.",
                "Deadline is '00:00:00': must be 00:00:00.0010000 to 1.00:00:00.",
                "StreamDeadline is '2.00:00:00': must be 00:00:00.0010000 to 1.00:00:00.",
                "HomeRegion is 'b': must be one of Regions (a).",
                "Residency.Count is '0': an empty list permits nothing; leave it out for no restriction.",
            ],
            mistakes);
    }

    [Fact]
    public void No_region_is_a_mistake() =>
        Assert.Contains("Regions.Count is '0': list 1 to 64 regions.", Mistakes(_ => { }));

    [Fact]
    public void Options_come_from_configuration()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Meridian:Regions:0:Name"] = "westeurope",
            ["Meridian:Regions:0:Jurisdiction"] = "eu",
            ["Meridian:Regions:0:Gateways:0"] = "10.0.0.4:8192",
            ["Meridian:Regions:0:Gateways:1"] = "[::1]:8193",
            ["Meridian:Regions:1:Name"] = "eastus",
            ["Meridian:Regions:1:ClusterId"] = "east",
            ["Meridian:Regions:1:Gateways:0"] = "gw.example:8192",
            ["Meridian:Deadline"] = "00:00:05",
            ["Meridian:HomeRegion"] = "eastus",
            ["Meridian:Residency:0"] = "eu",
        }).Build();
        using var services = new ServiceCollection().AddMeridian(configuration.GetSection("Meridian"), o => o.Attempts = 7).BuildServiceProvider();

        var options = services.GetRequiredService<IOptions<MeridianClientOptions>>().Value;

        Assert.Equal(["westeurope", "eastus"], options.Regions.Select(r => r.Name));
        Assert.Equal(["meridian-westeurope", "east"], options.Regions.Select(r => r.EffectiveClusterId));
        Assert.Equal(["10.0.0.4:8192", "[::1]:8193"], options.Regions[0].Gateways);
        Assert.Equal("eu", options.Regions[0].Jurisdiction);
        Assert.Equal(TimeSpan.FromSeconds(5), options.Deadline);
        Assert.Equal("eastus", options.HomeRegion);
        Assert.Equal(["eu"], options.Residency!);
        Assert.Equal(7, options.Attempts);
    }

    [Theory]
    [InlineData("127.0.0.1:8192", "127.0.0.1", 8192)]
    [InlineData("[::1]:80", "::1", 80)]
    [InlineData("gw-1.example.com:65535", "gw-1.example.com", 65535)]
    public void Gateways_are_read(string text, string host, int port)
    {
        Assert.True(GatewayAddress.TryParse(text, out var address));
        Assert.Equal(new GatewayAddress(host, port), address);
        Assert.Equal(text, address.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(":80")]
    [InlineData("host")]
    [InlineData("host:")]
    [InlineData("host:0")]
    [InlineData("host:+80")]
    [InlineData("[gw]:80")]
    [InlineData("http://host:80")]
    public void What_is_no_gateway_is_not_read(string? text) => Assert.False(GatewayAddress.TryParse(text, out _));
}

namespace Meridian.Silo.Configuration.Rules;

/// <summary>The rules of <c>Process</c> and <c>FrontDoor</c>.</summary>
internal static class ProcessRules
{
    internal static void CheckProcess(MeridianOptions options, ICollection<string> mistakes)
    {
        var process = options.Process;
        if (process.Roles == RegionRoles.None)
        {
            mistakes.Add($"{MeridianOptions.Section}:Process:Roles = 'None': must be one or more of store, control, silo, facade.");
        }

        SettingRules.CheckListen(process, process.FacadeUrl, "Process:FacadeUrl", mistakes);
        SettingRules.CheckListen(process, process.ProtocolUrl, "Process:ProtocolUrl", mistakes);

        // This process binds the addresses of its own region. Those of other regions only have to be reachable.
        var own = options.Regions.FindIndex(r => r.Name == options.Region);
        if (own >= 0 && process.Roles.HasFlag(RegionRoles.Facade))
        {
            if (process.FacadeUrl is null)
            {
                SettingRules.CheckListen(process, options.Regions[own].Facade, $"Regions:{own}:Facade", mistakes, seen: true);
            }

            if (process.ProtocolUrl is null)
            {
                SettingRules.CheckListen(process, options.Regions[own].Protocol, $"Regions:{own}:Protocol", mistakes, seen: true);
            }
        }

        if (own >= 0)
        {
            IntentSettingRules.CheckVoters(options, own, mistakes);
        }

        SettingRules.CheckListen(process, process.ControlUrl, "Process:ControlUrl", mistakes);
        SettingRules.CheckHostPort(process.ConsensusListen, "Process:ConsensusListen", mistakes);
        if (own >= 0 && process.Roles.HasFlag(RegionRoles.Control) && options.Intent.Kind != IntentKind.None)
        {
            IntentSettingRules.CheckVoterListens(options, options.Regions[own].Control, options.Regions[own].Consensus, $"Regions:{own}", mistakes);
        }

        foreach (var device in process.Devices.Split(','))
        {
            SettingRules.CheckDevice(device, "Process:Devices", mistakes);
        }

        SettingRules.Port(mistakes, "Process:SiloPort", process.SiloPort);
        SettingRules.Port(mistakes, "Process:GatewayPort", process.GatewayPort);
        SettingRules.Port(mistakes, "Process:StorePort", process.StorePort);
    }

    internal static void CheckFrontDoor(MeridianOptions options, ICollection<string> mistakes)
    {
        var frontDoor = options.FrontDoor;
        if (string.IsNullOrWhiteSpace(frontDoor.Name))
        {
            mistakes.Add($"{MeridianOptions.Section}:FrontDoor:Name = '{frontDoor.Name}': must not be empty.");
        }

        SettingRules.CheckListen(options.Process, frontDoor.Url, "FrontDoor:Url", mistakes);
        if (!string.IsNullOrWhiteSpace(frontDoor.Jurisdiction) && !SettingRules.RegionName().IsMatch(frontDoor.Jurisdiction))
        {
            mistakes.Add($"{MeridianOptions.Section}:FrontDoor:Jurisdiction = '{frontDoor.Jurisdiction}': must be 1 to 40 lower-case letters, digits or '-', for example 'eu'.");
        }
    }
}

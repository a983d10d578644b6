using Helios.Sdk.Energy;
using Helios.Sdk.Tests.Checkpoints;

namespace Helios.Sdk.Tests.Energy;

public sealed class RaplEnergyMeterTests : IDisposable
{
    private const ulong Range = 262_143_328_850;

    private readonly TempFolder powercap = new();

    [Fact]
    public void Packages_are_added_up_and_their_parts_are_not()
    {
        Zone("intel-rapl:0", "package-0", 5_000_000);
        Zone("intel-rapl:1", "package-1", 7_000_000);
        Zone("intel-rapl:0:0", "core", 1);
        Zone("intel-rapl:2", "psys", 1);
        Zone("intel-rapl-mmio:0", "package-0", 1);
        var meter = new RaplEnergyMeter(powercap.Path);
        meter.Read().Joules.Should().Be(0);

        Zone("intel-rapl:0", "package-0", 6_500_000);
        Zone("intel-rapl:1", "package-1", 7_250_000);
        Zone("intel-rapl:0:0", "core", 900_000_000);
        Zone("intel-rapl:2", "psys", 900_000_000);

        meter.Read().Should().Be(EnergyReading.Of(1.75));
        meter.Source.Should().Contain("package");
        ((IEnergyMeter)meter).IsEstimate.Should().BeFalse();
    }

    [Fact]
    public void A_counter_that_began_again_goes_on_from_its_range()
    {
        Zone("intel-rapl:0", "package-0", Range - 3_000_000);
        var meter = new RaplEnergyMeter(powercap.Path);
        meter.Read();

        Zone("intel-rapl:0", "package-0", 2_000_000);
        meter.Read().Joules.Should().BeApproximately(5, 1e-9);
        Zone("intel-rapl:0", "package-0", 3_000_000);
        meter.Read().Joules.Should().BeApproximately(6, 1e-9);
    }

    [Fact]
    public void Where_there_are_no_zones_it_says_so_and_counts_nothing()
    {
        ShouldBeUnavailable(new RaplEnergyMeter(powercap["nowhere"]).Read(), "*nowhere has no package zone*");
        ShouldBeUnavailable(new RaplEnergyMeter(powercap.Path).Read(), "*has no package zone*");
    }

    [Fact]
    public void A_file_that_is_not_a_counter_is_named_and_the_next_reading_goes_on()
    {
        Zone("intel-rapl:0", "package-0", 1_000_000);
        var meter = new RaplEnergyMeter(powercap.Path);
        meter.Read();

        File.WriteAllText(Path.Combine(powercap["intel-rapl:0"], "energy_uj"), "much\n");
        ShouldBeUnavailable(meter.Read(), "*energy_uj is 'much'*");
        File.Delete(Path.Combine(powercap["intel-rapl:0"], "energy_uj"));
        ShouldBeUnavailable(meter.Read(), "*could not be read*");

        Zone("intel-rapl:0", "package-0", 4_000_000);
        meter.Read().Joules.Should().BeApproximately(3, 1e-9);
    }

    [Fact]
    public void A_counter_beyond_its_range_is_no_reading_and_the_next_goes_on()
    {
        Zone("intel-rapl:0", "package-0", Range + 5_000_000);
        var meter = new RaplEnergyMeter(powercap.Path);
        meter.Read();

        Zone("intel-rapl:0", "package-0", 1_000_000);
        ShouldBeUnavailable(meter.Read(), $"*max_energy_range_uj is {Range}*");
        Zone("intel-rapl:0", "package-0", 3_000_000);
        meter.Read().Joules.Should().BeApproximately(2, 1e-9);
    }

    public void Dispose() => powercap.Dispose();

    private static void ShouldBeUnavailable(EnergyReading reading, string because)
    {
        reading.Joules.Should().BeNull();
        reading.UnavailableBecause.Should().Match(because);
    }

    private void Zone(string zone, string name, ulong microjoules)
    {
        Directory.CreateDirectory(powercap[zone]);
        File.WriteAllText(Path.Combine(powercap[zone], "name"), name + "\n");
        File.WriteAllText(Path.Combine(powercap[zone], "energy_uj"), microjoules + "\n");
        File.WriteAllText(Path.Combine(powercap[zone], "max_energy_range_uj"), Range + "\n");
    }
}

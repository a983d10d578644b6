using System.Text.Json.Nodes;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Checkpoints;

public sealed class RopeTests
{
    private const string Llama31 =
        """{"factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":8192,"rope_type":"llama3"}""";

    [Fact]
    public void Llama_3_1_frequencies_are_those_of_the_reference()
    {
        var rotary = Read(("rope_theta", "500000.0"), ("rope_scaling", Llama31));

        // transformers' rule in 40-digit decimals; index 28 is the last kept, 35 the first divided.
        var expected = new Dictionary<int, double>
        {
            [0] = 1.0,
            [1] = 0.8146172338565447,
            [28] = 0.003211445994752591,
            [29] = 0.0021665707635033587,
            [31] = 0.0008567514129196321,
            [34] = 0.0001785078127679964,
            [35] = 9.556212353964683e-05,
            [63] = 3.068925988914511e-07,
        };
        var actual = rotary.Scaling.InverseFrequencies(128, rotary.Theta, length: 1);
        actual.Should().HaveCount(64);
        foreach (var (index, value) in expected) (actual[index] / value).Should().BeApproximately(1, 1e-12, $"index {index}");
    }

    [Fact]
    public void Llama_3_2_frequencies_are_those_of_the_reference()
    {
        var rotary = Read(("rope_theta", "500000.0"), ("rope_scaling", Llama31.Replace("8.0", "32.0", StringComparison.Ordinal)));

        var actual = rotary.Scaling.InverseFrequencies(64, rotary.Theta, length: 1);
        (actual[15] / 0.0012905479282092638).Should().BeApproximately(1, 1e-12);
        (actual[31] / 9.41830672543491e-08).Should().BeApproximately(1, 1e-12);
    }

    [Theory]
    [InlineData("""{"type":"linear","factor":4}""")]
    [InlineData("""{"rope_type":"linear","factor":4.0}""")]
    [InlineData("""{"rope_type":"linear","type":"linear","factor":4.0}""")]
    public void Linear_scaling_divides_every_frequency(string json)
    {
        var scaling = Read(("rope_scaling", json)).Scaling;

        scaling.Should().Be(new LinearRopeScaling(4));
        scaling.InverseFrequencies(4, 10000, length: 1).Should().Equal(0.25, 0.0025);
    }

    [Fact]
    public void Rope_parameters_carry_base_and_scaling()
    {
        var rotary = Read(("rope_theta", null), ("rope_scaling", null), ("rope_parameters", Llama31.Replace("{", "{\"rope_theta\":500000,", StringComparison.Ordinal)));

        rotary.Theta.Should().Be(500000);
        rotary.Scaling.Should().Be(new Llama3RopeScaling(8, 1, 4, 8192));
    }

    [Theory]
    [InlineData("""{"rope_type":"default","rope_theta":10000}""")]
    [InlineData("""{"rope_theta":10000}""")]
    public void Default_parameters_scale_nothing(string json) =>
        Read(("rope_parameters", json)).Scaling.Should().Be(RopeScaling.None);

    [Theory]
    [InlineData("rope_scaling", """{"type":"ntk","factor":2}""", "rope_type")]
    [InlineData("rope_scaling", """{"rope_type":"dynamic","factor":0.5}""", "factor")]
    [InlineData("rope_scaling", """{"rope_type":"yarn","factor":2,"beta_fast":0}""", "beta_fast")]
    [InlineData("rope_scaling", """{"rope_type":"longrope","short_factor":[1,1,1,1]}""", "long_factor")]
    [InlineData("rope_scaling", """{"rope_type":"longrope","short_factor":[1,1,1,1],"long_factor":[1,1,1]}""", "long_factor")]
    [InlineData("rope_scaling", """{"factor":2}""", "rope_type")]
    [InlineData("rope_scaling", """{"rope_type":"linear","type":"llama3","factor":2}""", "type")]
    [InlineData("rope_scaling", """{"rope_type":"linear"}""", "factor")]
    [InlineData("rope_scaling", """{"rope_type":"linear","factor":0}""", "factor")]
    [InlineData("rope_scaling", """{"rope_type":"linear","factor":"2"}""", "factor")]
    [InlineData("rope_scaling", """{"rope_type":"linear","factor":2,"mrope_section":[1]}""", "mrope_section")]
    [InlineData("rope_scaling", """{"rope_type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4}""", "original_max_position_embeddings")]
    [InlineData("rope_scaling", """{"rope_type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":4,"original_max_position_embeddings":8192}""", "high_freq_factor")]
    [InlineData("rope_scaling", """{"rope_type":"llama3","factor":8,"low_freq_factor":0,"high_freq_factor":4,"original_max_position_embeddings":8192}""", "low_freq_factor")]
    [InlineData("rope_scaling", "[]", "rope_scaling")]
    [InlineData("rope_parameters", """{"rope_theta":500000}""", "rope_theta")]
    [InlineData("rope_parameters", """{"full_attention":{"rope_type":"default"}}""", "full_attention")]
    [InlineData("rope_parameters", """{"rope_type":"default","partial_rotary_factor":0.4}""", "partial_rotary_factor")]
    public void What_would_be_computed_wrongly_is_refused(string place, string json, string field)
    {
        var writer = new CheckpointWriter();
        writer.Config[place] = JsonNode.Parse(json);
        Opening.MustBeRefused(writer, "config.json", place, field, "expected");
    }

    [Fact]
    public void Two_places_that_disagree_are_refused()
    {
        var writer = new CheckpointWriter();
        writer.Config["rope_scaling"] = JsonNode.Parse("""{"type":"linear","factor":2}""");
        writer.Config["rope_parameters"] = JsonNode.Parse("""{"rope_type":"linear","factor":4}""");
        Opening.MustBeRefused(writer, "config.json", "rope_parameters", "rope_scaling");
    }

    private static RotaryLayout Read(params (string Field, string? Json)[] fields)
    {
        var writer = new CheckpointWriter();
        foreach (var (field, json) in fields) writer.Config[field] = json is null ? null : JsonNode.Parse(json);
        return Opening.Info(writer).Architecture.Stack[0].Attention.Rotary!;
    }
}

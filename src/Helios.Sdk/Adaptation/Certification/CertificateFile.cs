using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Helios.Sdk.Checkpoints;

namespace Helios.Sdk.Lab;

/// <summary>Certificates as files: JSON, versioned, read strictly.</summary>
public static class CertificateFile
{
    private static readonly JsonFormat Format = new("certificate", CheckpointFile.LongestJson, "version", "checkpoint", "maxDisagreement", "points");

    private const string Share = "a number between 0 and 1";
    private const string Points = "a list of one point or more";

    /// <summary>Writes a certificate; an existing certificate is replaced atomically.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The existing file is not a certificate, or the file system failed; the existing file is unchanged.</exception>
    public static void Save(RiskCertificate certificate, string path)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        JsonFile.Write(path, Format, json => Write(certificate, json));
    }

    /// <summary>Refuses a path before the work, if <see cref="Save"/> would refuse it afterwards.</summary>
    /// <param name="path">The file of the certificate.</param>
    /// <exception cref="IOException">The existing file is not a certificate.</exception>
    public static void EnsureReplaceable(string path) => Format.RefuseOther(path);

    /// <summary>Reads a certificate.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">It cannot be read, or is not a certificate; the message names file and field, found and expected.</exception>
    public static RiskCertificate Load(string path) => JsonFile.Parse(path, CheckpointFile.ReadAll(path), Read);

    private static void Write(RiskCertificate certificate, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("version", 1);
        json.WriteString("model", certificate.Model);
        json.WriteString("checkpoint", certificate.Checkpoint);
        json.WriteString("precision", certificate.Precision.ToString());
        json.WriteNumber("maxDisagreement", certificate.MaxDisagreement);
        json.WriteNumber("confidence", certificate.Confidence);
        json.WriteNumber("requests", certificate.Requests);
        json.WriteNumber("tokens", certificate.Tokens);
        json.WriteNumber("maxTokensPerRequest", certificate.MaxTokensPerRequest);
        json.WriteString("at", certificate.At);
        json.WriteStartArray("points");
        foreach (var point in certificate.Points)
        {
            json.WriteStartObject();
            json.WriteNumber("depth", point.Depth);
            json.WriteString("exitPolicy", point.ExitPolicy);
            json.WriteNumber("disagreement", point.Disagreement);
            json.WriteNumber("pValue", point.PValue);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static RiskCertificate Read(JsonField root)
    {
        root.OnlyKeys("version", "model", "checkpoint", "precision", "maxDisagreement", "confidence", "requests", "tokens", "maxTokensPerRequest", "at", "points");
        root.Int("version", 1, 1);
        var confidence = ReadShare(root.Required("confidence", Share));
        return new RiskCertificate
        {
            Model = root.Required("model", "a model's name").AsText(),
            Checkpoint = root.Required("checkpoint", "a checkpoint's fingerprint").AsText(),
            Precision = ReadPrecision(root.Required("precision", "a precision")),
            MaxDisagreement = ReadShare(root.Required("maxDisagreement", Share)),
            Confidence = confidence,
            Requests = root.Int("requests", 1, int.MaxValue),
            Tokens = root.Required("tokens", "a number of tokens").AsLong(1, long.MaxValue),
            MaxTokensPerRequest = root.Int("maxTokensPerRequest", 1, int.MaxValue),
            At = ReadTime(root.Required("at", "a time")),
            Points = ReadPoints(root.Required("points", Points), 1 - confidence),
        };
    }

    private static ImmutableArray<CertifiedPoint> ReadPoints(JsonField points, double level) =>
        points.ArrayLength(Points) > 0 ? [.. points.Items(Points).Select(point => ReadPoint(point, level))] : throw points.Bad(Points);

    /// <summary>No point is certified whose p-value is over the level; what says otherwise was not written by a certification.</summary>
    private static CertifiedPoint ReadPoint(JsonField point, double level)
    {
        point.AsObject().OnlyKeys("depth", "exitPolicy", "disagreement", "pValue");
        return new CertifiedPoint(
            point.Int("depth", 1, int.MaxValue),
            point.Required("exitPolicy", "an exit policy").AsText(),
            point.Required("disagreement", "a share").AsNumber(0, 1),
            point.Required("pValue", "a probability").AsNumber(0, level));
    }

    private static Precision ReadPrecision(JsonField field) =>
        Enum.GetNames<Precision>().Contains(field.AsText(), StringComparer.Ordinal) ? Enum.Parse<Precision>(field.AsText()) : throw field.Bad($"one of {string.Join(", ", Enum.GetNames<Precision>())}");

    private static double ReadShare(JsonField field) => field.AsNumber() is > 0 and < 1 and var share ? share : throw field.Bad(Share);

    private static DateTimeOffset ReadTime(JsonField field) =>
        DateTimeOffset.TryParse(field.AsText(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : throw field.Bad("a time in ISO 8601");
}

"""What every project can use: locations, server types and images. The numbers are those of the documentation's examples."""

LOCATIONS = [
    {
        "id": number,
        "name": name,
        "description": f"{city} DC Park 1",
        "country": country,
        "city": city,
        "latitude": 50.0,
        "longitude": 12.0,
        "network_zone": zone,
    }
    for number, name, city, country, zone in [
        (1, "fsn1", "Falkenstein", "DE", "eu-central"),
        (2, "nbg1", "Nuremberg", "DE", "eu-central"),
        (3, "hel1", "Helsinki", "FI", "eu-central"),
    ]
]


def server_type(number, name, cores, memory, disk, architecture="x86"):
    """One size of a machine."""
    places = [
        {
            **{key: one[key] for key in ("id", "name")},
            "recommended": True,
            "available": True,
            "deprecation": None,
        }
        for one in LOCATIONS
    ]
    return {
        "id": number,
        "name": name,
        "description": name.upper(),
        "category": "Shared vCPU",
        "cores": cores,
        "memory": memory,
        "disk": disk,
        "storage_type": "local",
        "cpu_type": "shared",
        "architecture": architecture,
        "included_traffic": 0,
        "prices": [],
        "deprecated": False,
        "deprecation": None,
        "locations": places,
    }


SERVER_TYPES = [
    server_type(104, "cx22", 2, 4.0, 40),
    server_type(105, "cx32", 4, 8.0, 80),
    server_type(45, "cax11", 2, 4.0, 40, "arm"),
]


def image(number, name, flavour, version, architecture="x86"):
    """One system image."""
    return {
        "id": number,
        "status": "available",
        "type": "system",
        "name": name,
        "description": name,
        "image_size": None,
        "disk_size": 5,
        "created": "2025-01-01T00:00:00+00:00",
        "created_from": None,
        "bound_to": None,
        "os_flavor": flavour,
        "os_version": version,
        "architecture": architecture,
        "rapid_deploy": True,
        "protection": {"delete": False},
        "deprecated": None,
        "deleted": None,
        "labels": {},
    }


IMAGES = [
    image(114690387, "debian-12", "debian", "12"),
    image(114690389, "debian-12", "debian", "12", "arm"),
    image(161547269, "ubuntu-24.04", "ubuntu", "24.04"),
]
